namespace Nanodet.Serverless.Cli.Tests.Packaging;

/// <summary>The package and its files; <see cref="Documents.DocumentWalkTests"/> uses them.</summary>
[Collection(SharedTool.Name)]
public sealed class ToolTests(InstalledTool tool)
{
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
    public async Task Up_InAFolderWithoutAModel_AsksForOneAndNotForTheRepository()
    {
        var run = await tool.RunAsync("up", "--port", "0", "--data", "no-model");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no_model: no model was published yet: give one with --model.", run.Error, StringComparison.Ordinal);
    }
}
