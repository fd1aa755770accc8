using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Packaging;

public sealed class ToolTests(InstalledTool tool, DemoModel model) : IClassFixture<InstalledTool>
{
    private static readonly string Photo = Path.Combine(DemoModel.Photos, "sample1.jpg");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Packages_OfThisMachine_AreThePointerAndThePlatforms() =>
        Assert.Equal(
            [$"nanodet.{tool.Version}.nupkg", $"nanodet.{System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier}.{tool.Version}.nupkg"],
            Directory.EnumerateFiles(tool.Feed).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

    [Fact]
    public void Files_OfTheTool_HoldTheAppAndEachNativeLibraryOnce()
    {
        var app = Path.Combine(tool.Files, "app");
        var natives = Directory.EnumerateFiles(tool.Files, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(tool.Files, path))
            .Where(path => path.Contains("libvips", StringComparison.Ordinal) || Path.GetFileName(path).Contains("onnxruntime", StringComparison.Ordinal))
            .ToArray();

        Assert.True(File.Exists(Path.Combine(app, "worker.config.json")));
        Assert.True(File.Exists(Path.Combine(app, "host.json")));
        Assert.NotEmpty(natives);
        Assert.All(natives, path => Assert.Equal(Path.GetFileName(path), path));
    }

    [Fact]
    public async Task ExportAndDetect_FromAnotherFolder_Work()
    {
        var export = await tool.RunAsync("export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", "models/demo.onnx");
        Assert.True(export.ExitCode == 0, export.Error);

        var detect = await tool.RunAsync("detect", "--model", "models/demo.onnx", "--input", Photo, "--output", "results", "--json");

        Assert.True(detect.ExitCode == 0, detect.Error);
        var written = await File.ReadAllTextAsync(Path.Combine(tool.Elsewhere, "results", "sample1.jpg.json"), Token);
        Assert.Contains("\"className\":\"person\"", written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_InAFolderWithoutAModel_AsksForOneAndNotForTheRepository()
    {
        var run = await tool.RunAsync("up", "--port", "0", "--data", "no-model");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no_model: no model was published yet: give one with --model.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_InAnEmptyFolder_DetectsAPhoto()
    {
        using var process = tool.Start("up", "--port", "0", "--model", model.Onnx, "--json");
        var error = process.StandardError.ReadToEndAsync(Token);
        try
        {
            var report = await ReadReportAsync(process.StandardOutput);
            Assert.True(report is not null, $"the app did not come up: {(process.HasExited ? await error : "its output ended")}");
            Assert.Equal(Path.Combine(tool.Elsewhere, ".nanodet"), report.RootElement.GetProperty("data").GetString());

            var detect = await tool.RunAsync("detect", "--storage", "--input", Photo, "--output", "cloud");

            Assert.True(detect.ExitCode == 0, detect.Error);
            Assert.True(File.Exists(Path.Combine(tool.Elsewhere, "cloud", "sample1.jpg.json")));
        }
        finally
        {
            await Cli.TerminateAsync(process.Id);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        Assert.True(process.ExitCode == 0, await error);
    }

    private static async Task<JsonDocument?> ReadReportAsync(StreamReader output)
    {
        var lines = new StringBuilder();
        while (await output.ReadLineAsync(Token) is { } line)
        {
            lines.AppendLine(line);
            if (line == "}")
            {
                return JsonDocument.Parse(lines.ToString());
            }
        }

        return null;
    }
}
