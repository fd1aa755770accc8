using System.CommandLine;
using System.Text.Json;
using Nanodet.Serverless.Cli.Commands;

namespace Nanodet.Serverless.Cli.Tests;

/// <summary>
/// Every command's ends: wrong usage is 2 and a failure is 1; with <c>--json</c> each is one document on standard output, and standard error
/// says the same in a line. Success is <see cref="Documents.DocumentWalkTests"/>'.
/// </summary>
public sealed class ExitCodeTests
{
    private const string NoFile = "file_not_found";
    private const string NoApp = "app_not_running";

    /// <summary>A command line that fails without an app or a file, by its command.</summary>
    private static readonly Dictionary<string, (string Options, string Code)> Failing = new()
    {
        ["export"] = ("--config none.yml --checkpoint none.pth --output m.onnx", NoFile),
        ["inspect"] = ("none.pth", NoFile),
        ["detect"] = ("--model none.onnx --input none --output out", NoFile),
        ["eval"] = ("--model none.onnx --images none --annotations none.json", NoFile),
        ["bench"] = ("--model none.onnx --images none", NoFile),
        ["doctor"] = ("--storage --data none", NoApp),
        ["gpu-check"] = ("--models none --images none", NoFile),
        ["up"] = ("--data data --app none --port 0", "not_a_function_app"),
        ["submit"] = ("--data none", NoApp),
        ["watch"] = ("JOB --data none", NoApp),
        ["jobs"] = ("--data none", NoApp),
        ["job"] = ("JOB --data none", NoApp),
        ["cancel"] = ("JOB --data none", NoApp),
        ["retry"] = ("JOB --data none", NoApp),
        ["failures"] = ("JOB --data none", NoApp),
        ["results"] = ("JOB --data none --output r", NoApp),
        ["results export"] = ("--input none --format csv --output r.csv", "input_not_found"),
        ["publish"] = ("--model none.onnx --data none", NoFile),
        ["models"] = ("--data none", NoApp),
        ["rollback"] = ("--data none", NoApp),
        ["view"] = ("none", "input_not_found"),
        ["cost"] = ("--images 10 --prices none.json", NoFile),
        ["demo-model"] = ("--package none --output demo", NoFile),
    };

    /// <summary>Those that have no way to fail here: 'down' has nothing to stop, 'completion' writes a script.</summary>
    private static readonly string[] NeverFailing = ["down", "completion"];

    [Fact]
    public async Task Commands_Failing_EndWithOneAndADocument()
    {
        Assert.Equal(Paths().Except(NeverFailing).Order(), Failing.Keys.Order());
        await Parallel.ForEachAsync(Failing, Options(), async (one, _) =>
        {
            var (options, code) = one.Value;
            using var folder = new TemporaryFolder();
            var run = await RunAsync(folder, $"{one.Key} {options} --json");

            Assert.True(run.ExitCode == 1, $"{one.Key}: exit code {run.ExitCode}: {run.Error}");
            var error = ErrorOf(one.Key, run);
            Assert.Equal((one.Key, code), (one.Key, error.GetProperty("code").GetString()));
            Assert.Contains($"error: {code}: {error.GetProperty("message").GetString()}", run.Error, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Commands_UsedWrongly_EndWithTwoAndADocument() =>
        await Parallel.ForEachAsync(Paths(), Options(), async (path, _) =>
        {
            using var folder = new TemporaryFolder();
            var run = await RunAsync(folder, $"{path} --json --no-such-option");

            Assert.True(run.ExitCode == 2, $"{path}: exit code {run.ExitCode}: {run.Error}");
            var error = ErrorOf(path, run);
            Assert.Equal("wrong_usage", error.GetProperty("code").GetString());
            Assert.Contains("--no-such-option", error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Contains($"Try 'nanodet {path} --help'.", run.Error, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        });

    /// <summary>A file may be called anything; behind two dashes a name is a name.</summary>
    [Fact]
    public async Task Argument_BehindTwoDashes_IsAName()
    {
        using var folder = new TemporaryFolder();
        var run = await RunAsync(folder, "inspect -- --no-such-option");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("there is no checkpoint or model at --no-such-option", run.Error, StringComparison.Ordinal);
    }

    private static ParallelOptions Options() => new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    private static Task<CliRun> RunAsync(TemporaryFolder folder, string line) =>
        Cli.RunProgramAsync("dotnet", [Cli.Program, .. line.Split(' ')], folder: folder.Path);

    private static JsonElement ErrorOf(string path, CliRun run)
    {
        try
        {
            return JsonDocument.Parse(run.Output).RootElement.GetProperty("error");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path}: expected one document on standard output, found '{run.Output}': {exception.Message}");
        }
    }

    /// <summary>Every command, with those above it.</summary>
    internal static IEnumerable<string> Paths() =>
        NanodetCommand.CreateRoot(AllCommands.Create()).Subcommands.SelectMany(command => Paths(string.Empty, command));

    private static IEnumerable<string> Paths(string above, Command command)
    {
        var path = $"{above} {command.Name}".Trim();
        return command.Subcommands.SelectMany(below => Paths(path, below)).Prepend(path);
    }
}
