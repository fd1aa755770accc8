using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using System.Text.Json;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli;

/// <summary>The root command: parses, runs, and turns outcomes into exit codes.</summary>
internal static class NanodetCommand
{
    /// <summary>Parses and runs a command line.</summary>
    /// <param name="arguments">The arguments without the program's name.</param>
    /// <param name="commands">The commands that there are.</param>
    /// <returns>0 for success, 1 for a failure, 2 for wrong usage, 130 for Ctrl+C and 143 for SIGTERM.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IEnumerable<Command> commands)
    {
        var root = CreateRoot(commands);
        if (arguments is [var directive, ..] && directive.StartsWith(CompletionCommand.Directive, StringComparison.Ordinal))
        {
            return await CompletionCommand.SuggestAsync(root, arguments);
        }

        // A word that begins with '@' is a name, or a list of names that the command reads itself.
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var problems = ProblemsOf(parsed);
        if (problems.Count > 0)
        {
            foreach (var problem in problems)
            {
                await Console.Error.WriteLineAsync($"usage: {problem}");
            }

            await WriteJsonAsync(arguments, new Failure(Failure.WrongUsage, string.Join(" ", problems)));
            await Console.Error.WriteLineAsync(
                $"Try '{string.Join(' ', Path(parsed.CommandResult).Prepend("nanodet"))} --help'.");
            return ExitCode.WrongUsage;
        }

        using var cancellation = new CancellationTokenSource();
        var interruption = ExitCode.Interrupted;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        try
        {
            // Signals end the work in order; the parser's own handling would cut it off after a while.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, cancellation.Token);
        }
        catch (Exception exception) when (Failure.From(exception) is { } failure)
        {
            await WriteJsonAsync(arguments, failure);
            await Console.Error.WriteLineAsync(Failure.Line(failure.Code, failure.Message));
            return cancellation.IsCancellationRequested ? interruption : ExitCode.Failed;
        }

        void Cancel(PosixSignalContext signal)
        {
            // The first ends the work in order; whoever asks again does not want to wait for that.
            signal.Cancel = !cancellation.IsCancellationRequested;
            interruption = signal.Signal == PosixSignal.SIGTERM ? ExitCode.Terminated : ExitCode.Interrupted;
            cancellation.Cancel();
        }
    }

    /// <summary>
    /// What is wrong with a command line. To the parser an option that it does not know is a value, wherever one is taken; to whoever typed
    /// it, it is an option.
    /// </summary>
    private static IReadOnlyList<string> ProblemsOf(ParseResult parsed)
    {
        var found = parsed.Errors.Select(error => error.Message).ToList();
        var unknown = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Where(token => token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))
            .Where(token => !found.Any(message => message.Contains($"'{token.Value}'", StringComparison.Ordinal)));
        return [.. found, .. unknown.Select(token => $"There is no option '{token.Value}' here. A name that begins so goes behind ' -- '.")];
    }

    /// <summary>Puts the commands under the program's own.</summary>
    internal static RootCommand CreateRoot(IEnumerable<Command> commands)
    {
        var root = new RootCommand(
            "NanoDet from a training checkpoint to detections, here and in a function app: export, detect, run, publish.");
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
        }

        HelpExamples.AddTo(root);
        return root;
    }

    /// <summary>The names of a command and of those above it, without the program's.</summary>
    internal static IEnumerable<string> Path(SymbolResult? result) => result is CommandResult { Parent: { } parent } command
        ? Path(parent).Append(command.Command.Name)
        : [];

    /// <summary>With <c>--json</c>, a failure is a document on standard output: <c>{ "error": { "code", "message" } }</c>.</summary>
    private static async Task WriteJsonAsync(IReadOnlyList<string> arguments, Failure failure)
    {
        if (arguments.Contains("--json"))
        {
            await Console.Out.WriteLineAsync(
                JsonSerializer.Serialize(new FailureReport(failure), CliJsonContext.Default.FailureReport));
        }
    }
}
