using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>
/// Where a command's answer goes: one JSON document on standard output, or text for people. Progress and errors go to standard
/// error, so that standard output can be piped.
/// </summary>
/// <param name="json">Whether the answer is a JSON document.</param>
/// <param name="quiet">Whether nothing is said of progress.</param>
internal sealed class Report(bool json, bool quiet = false)
{
    private readonly IAnsiConsole _progress = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Standard output for people.</summary>
    public IAnsiConsole Text { get; } = Wide(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }));

    /// <summary>Whether the answer is a JSON document.</summary>
    public bool IsJson => json;

    /// <summary>Whether the answer is written: a failure that comes later is none.</summary>
    public bool IsWritten { get; private set; }

    /// <summary>Writes the answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="type">How it becomes JSON.</param>
    /// <param name="write">How it becomes text.</param>
    public void Write<T>(T answer, JsonTypeInfo<T> type, Action<IAnsiConsole, T> write)
    {
        IsWritten = true;
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(answer, type));
        }
        else
        {
            write(Text, answer);
        }
    }

    /// <summary>Says that what was just written is a failure: the answer stays the only document on standard output.</summary>
    /// <param name="code">A stable code for programs.</param>
    /// <param name="message">What was expected, what was found and where.</param>
    /// <returns>The exit code.</returns>
    public static int Fail(string code, string message)
    {
        Console.Error.WriteLine(Failure.Line(code, message));
        return ExitCode.Failed;
    }

    /// <summary>
    /// Runs work under a progress bar, where someone is there to watch it. Where standard error goes into a file, it gets a line each ten
    /// seconds instead.
    /// </summary>
    /// <param name="title">What the work is.</param>
    /// <param name="work">The work; it says how far it is.</param>
    public async Task ProgressAsync(string title, Func<StepProgress, Task> work)
    {
        if (json || quiet || Console.IsErrorRedirected)
        {
            await work(new StepProgress(
                null, Console.IsErrorRedirected && !quiet ? new ProgressLines(TimeProvider.System, Console.Error) : null));
            return;
        }

        await _progress
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context => work(new StepProgress(context.AddTask(Markup.Escape(title)))));
    }

    private static IAnsiConsole Wide(IAnsiConsole console)
    {
        // Redirected output has no width of its own; 80 columns would cut what a script wants to read.
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = 200;
        }

        return console;
    }
}
