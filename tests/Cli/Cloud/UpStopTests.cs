using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary><c>nanodet up</c> whose storage is there and answers nothing any more: a stop has an end all the same.</summary>
public sealed class UpStopTests(DemoModel model)
{
    /// <summary>Fifteen seconds, ten of them for functions that run; two more here, for a machine with much else to do.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(17);

    [Fact]
    public async Task Up_StorageHangs_EndsInTimeAndLeavesNothing()
    {
        await using var app = new RunningApp(model);
        await app.InitializeAsync();
        var children = await HangAsync(app);

        var exitCode = await app.StopAsync().WaitAsync(Limit, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(0, exitCode);
        foreach (var child in children)
        {
            await Poll.UntilAsync(() => !Directory.Exists($"/proc/{child}"), $"process {child} is gone", TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Up_StorageHangsAndASecondSignal_EndsAtOnce()
    {
        await using var app = new RunningApp(model);
        await app.InitializeAsync();
        var children = await HangAsync(app);
        try
        {
            await Cli.TerminateAsync(app.ProcessId);
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
            var exitCode = await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System, TestContext.Current.CancellationToken);

            Assert.Equal(143, exitCode);
        }
        finally
        {
            // Azurite sees the end of its input, and ends, when it goes on.
            await SignalAsync("CONT", children.Single(child => Directory.Exists($"/proc/{child}") && UpCommandTests.IsAzurite(child)));
        }

        foreach (var child in children)
        {
            await Poll.UntilAsync(() => !Directory.Exists($"/proc/{child}"), $"process {child} is gone", TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Stops the storage in its tracks: its connections stay open, and nothing is answered.</summary>
    private static async Task<IReadOnlyList<int>> HangAsync(RunningApp app)
    {
        var children = UpCommandTests.Descendants(app.ProcessId);
        await SignalAsync("STOP", children.Single(UpCommandTests.IsAzurite));

        // Requests are under way by then: the queues are asked several times a second.
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, TestContext.Current.CancellationToken);
        return children;
    }

    private static Task<CliRun> SignalAsync(string signal, int processId) => Cli.RunProgramAsync("sh", ["-c", $"kill -{signal} {processId}"]);
}
