using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

public sealed class UpCommandTests(DemoModel model)
{
    [Fact]
    public async Task Up_WithAuth_AsksForTheKeyOfItsFolderAndStopsEverythingWhenAsked()
    {
        await using var app = new RunningApp(model) { Options = ["--auth"] };
        await app.InitializeAsync();
        await AsksForItsKeyAsync(app);
        var children = Descendants(app.ProcessId);
        Assert.NotEmpty(children);

        Assert.Equal(0, await app.StopAsync());

        Assert.False(File.Exists(Path.Combine(app.Data, "up.json")));

        // A grandchild that was killed stays listed until init has reaped it.
        foreach (var child in children)
        {
            await Poll.UntilAsync(() => !Directory.Exists($"/proc/{child}"), $"process {child} is gone", TestContext.Current.CancellationToken);
        }

        Assert.True(Directory.Exists(Path.Combine(app.Data, "azurite")));
    }

    [Fact]
    public async Task Up_AzuriteKilled_EndsByNameAndLeavesNothing()
    {
        await using var app = new RunningApp(model);
        await app.InitializeAsync();
        var children = Descendants(app.ProcessId);
        Kill(children.Single(IsAzurite));

        // Fifteen seconds; more here, for a machine with much else to do.
        var exitCode = await app.EndAsync().WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.Contains("\nerror: azurite_ended: ", await app.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(app.Data, "up.json")));
        foreach (var child in children)
        {
            await Poll.UntilAsync(() => !Directory.Exists($"/proc/{child}"), $"process {child} is gone", TestContext.Current.CancellationToken);
        }

        // The folder is free again.
        using var free = new FileStream(Path.Combine(app.Data, "up.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    [Fact]
    public async Task Up_ModelThatIsNone_FailsByName()
    {
        using var folder = new TemporaryFolder();
        var run = await Cli.RunAsync("up", "--port", "0", "--data", folder.File("data"), "--model", model.Checkpoint);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: not_an_onnx_model: ", LastLine(run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_NoFunctionApp_FailsByName()
    {
        using var folder = new TemporaryFolder();
        var run = await Cli.RunAsync("up", "--port", "0", "--data", folder.File("data"), "--model", model.Onnx, "--app", folder.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: not_a_function_app: ", LastLine(run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_WorkerCannotLoadItsModel_SaysWhyAndWhereTheLogIs()
    {
        using var folder = new TemporaryFolder();
        var data = folder.File("data");
        var log = Path.Combine(data, "logs", "app.log");
        var environment = new Dictionary<string, string>
        {
            ["Nanodet__Model__Source"] = "File",
            ["Nanodet__Model__File"] = folder.File("nowhere.onnx"),
        };

        var run = await Cli.RunAsync(environment, "up", "--port", "0", "--data", data, "--model", model.Onnx);

        Assert.Equal(1, run.ExitCode);
        var lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var step in (string[])["starting storage…", "publishing the model…", "starting functions…", "loading the model…"])
        {
            Assert.Single(lines, step);
        }

        var error = Assert.Single(lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.StartsWith("error: model_not_found: the app is up and cannot take work: ", error, StringComparison.Ordinal);
        Assert.Contains("nowhere.onnx", error, StringComparison.Ordinal);
        Assert.EndsWith($"The app's log: {log}", error, StringComparison.Ordinal);

        var logged = await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken);
        Assert.Matches(@"error Nanodet\.Serverless\.Pipeline\.Serving\.WarmModel: .*model_not_found.*nowhere\.onnx", logged);
        Assert.Contains("error Nanodet.Serverless.Cli: nanodet up failed", logged, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(data, "up.json")));
    }

    [Fact]
    public async Task Up_NoRoomForALog_RunsAndSaysSoOnce()
    {
        await using var app = new RunningApp(model);
        Directory.CreateDirectory(app.Data);
        await File.WriteAllTextAsync(Path.Combine(app.Data, "logs"), "in the way", TestContext.Current.CancellationToken);

        await app.InitializeAsync();

        Assert.Equal(JsonValueKind.Null, app.Report.GetProperty("log").ValueKind);
        Assert.Contains(Path.Combine(app.Data, "logs"), app.Report.GetProperty("logProblem").GetString(), StringComparison.Ordinal);
        var down = await Cli.JsonAsync("down", "--data", app.Data);
        Assert.True(down.GetProperty("stopped").GetBoolean());
        Assert.Equal(0, await app.EndAsync());
        Assert.Single((await app.Error).Split('\n'), line => line.StartsWith("warning: the log cannot be written, ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--log-size", "0", "expected 1 to 1024, found 0")]
    [InlineData("--log-files", "1", "expected 2 to 100, found 1")]
    public async Task Up_LogOptionOutOfRange_IsWrongUsage(string option, string value, string expected)
    {
        var run = await Cli.RunAsync("up", option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    private static async Task AsksForItsKeyAsync(RunningApp app)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = app.Report.GetProperty("keyFile").GetString()!;
        Assert.Equal(Path.Combine(app.Data, "host.key"), file);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(Owner, File.GetUnixFileMode(file));
            Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(app.Data, "up.json")));
        }

        var server = app.Report.GetProperty("server").GetString()!;
        using var stranger = new HttpClient { BaseAddress = new Uri(server) };
        using var refusal = await stranger.GetAsync("api/jobs", TestContext.Current.CancellationToken);
        Assert.Equal((401, 0L), ((int)refusal.StatusCode, refusal.Content.Headers.ContentLength));

        // Whoever may read the folder has it; whoever names the address gives it.
        Assert.Equal(0, (await Cli.RunAsync("jobs", "--data", app.Data)).ExitCode);
        Assert.Equal(1, (await Cli.RunAsync("jobs", "--server", server)).ExitCode);
        var key = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await Cli.RunAsync("jobs", "--server", server, "--key", key)).ExitCode);
    }

    // What it was doing stands before it.
    private static string LastLine(CliRun run) => run.Error.TrimEnd().Split('\n')[^1];

    internal static bool IsAzurite(int processId) =>
        File.ReadAllText($"/proc/{processId}/cmdline").Contains("azurite.js", StringComparison.Ordinal);

    private static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }

    // From /proc: a bare machine has no ps.
    internal static IReadOnlyList<int> Descendants(int processId)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                // "id (name) state parent ...", and a name may have spaces.
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var parent = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
                parents[int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)] = int.Parse(parent, CultureInfo.InvariantCulture);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        List<int> found = [processId];
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(parents.Where(pair => pair.Value == found[i]).Select(pair => pair.Key));
        }

        return found[1..];
    }
}
