using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

public sealed class UpCommandTests(DemoModel model)
{
    [Fact]
    public async Task Up_AskedToEnd_StopsEverything()
    {
        await using var app = new RunningApp(model);
        await app.InitializeAsync();
        var children = await DescendantsAsync(app.ProcessId);
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
    public async Task Up_ModelThatIsNone_FailsByName()
    {
        using var folder = new TemporaryFolder();
        var run = await Cli.RunAsync("up", "--port", "0", "--data", folder.File("data"), "--model", model.Checkpoint);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: not_an_onnx_model: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_NoFunctionApp_FailsByName()
    {
        using var folder = new TemporaryFolder();
        var run = await Cli.RunAsync("up", "--port", "0", "--data", folder.File("data"), "--model", model.Onnx, "--app", folder.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: not_a_function_app: ", run.Error, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<int>> DescendantsAsync(int processId)
    {
        var children = (await Cli.RunProgramAsync("ps", ["-o", "pid=", "--ppid", $"{processId}"])).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(int.Parse)
            .ToList();
        foreach (var child in children.ToList())
        {
            children.AddRange(await DescendantsAsync(child));
        }

        return children;
    }
}
