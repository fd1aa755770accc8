using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests;

/// <summary>
/// The founding promise: weights come from the checkpoint, and nothing is ever fetched. Export, load and detect run in a network
/// namespace that has no network at all, not even a loopback address that is up.
/// </summary>
public sealed class OfflineTests(DemoModel model)
{
    [Fact]
    public async Task ExportAndDetect_WithoutAnyNetwork_Work()
    {
        var namespaceArguments = await NamespaceAsync();
        using var folder = new TemporaryFolder();
        var onnx = folder.File("model.onnx");
        var export = await RunAsync("export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", onnx);
        Assert.True(export.ExitCode == 0, export.Error);
        var detect = await RunAsync("detect", "--model", onnx, "--input", Path.Combine(DemoModel.Photos, "sample1.jpg"), "--output", folder.Path);
        Assert.True(detect.ExitCode == 0, detect.Error);
        Assert.Contains("\"className\":\"person\"", await File.ReadAllTextAsync(folder.File("sample1.jpg.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        Task<CliRun> RunAsync(params string[] arguments) =>
            Cli.RunProgramAsync("unshare", [.. namespaceArguments, "dotnet", Cli.Program, .. arguments]);
    }

    /// <summary>How to get a network namespace here, having proved that a process inside reaches nothing.</summary>
    private static async Task<string[]> NamespaceAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("network namespaces are a thing of Linux");
        }

        foreach (var arguments in (string[][])[["--net"], ["--map-root-user", "--net"]])
        {
            var run = await TryAsync(arguments);
            if (run is { ExitCode: 0 })
            {
                // Only the loopback interface is listed, and it is down: there is no way out.
                var interfaces = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2).Select(line => line.Split(':')[0].Trim());
                Assert.Equal(["lo"], interfaces);
                return arguments;
            }
        }

        Assert.Skip("unshare is not permitted here, so a process cannot be cut off from the network");
        return [];
    }

    private static async Task<CliRun?> TryAsync(string[] arguments)
    {
        try
        {
            return await Cli.RunProgramAsync("unshare", [.. arguments, "cat", "/proc/net/dev"]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
