using System.Text.Json;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Natives;

/// <summary>Each native library that comes with the program is taken away in turn: no command ends by an exception, and each names it.</summary>
public sealed class MissingNativeTests(DemoModel model)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Bundled => [.. NativeLibraries.All.Where(library => library.IsBundled).Select(library => library.File)];

    public static TheoryData<string> Required =>
        [.. NativeLibraries.All.Where(library => library is { IsBundled: true, IsRequired: true }).Select(library => library.File)];

    private static string Photo => Path.Combine(DemoModel.Photos, "sample1.jpg");

    private static string App => Path.Combine(
        Repository.Root, "src", "Functions", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, new DirectoryInfo(AppContext.BaseDirectory).Name);

    [Theory]
    [MemberData(nameof(Bundled))]
    public async Task Doctor_LibraryAway_ListsIt(string file)
    {
        using var copy = await FolderCopy.CreateAsync(AppContext.BaseDirectory, Token);
        _ = copy.Remove(file);

        var json = await RunAsync(copy, "doctor", "--json");
        var text = await RunAsync(copy, "doctor");

        var required = NativeLibraries.All.Single(library => library.File == file).IsRequired;
        var listed = JsonDocument.Parse(json.Output).RootElement.GetProperty("libraries").EnumerateArray()
            .Single(library => library.GetProperty("file").GetString() == file);
        Assert.False(listed.GetProperty("found").GetBoolean());
        Assert.Equal(EnvironmentErrorCodes.LibraryMissing, listed.GetProperty("code").GetString());
        Assert.Contains(file, text.Output, StringComparison.Ordinal);
        Assert.All(new[] { json, text }, run =>
        {
            Assert.Equal(required ? 1 : 0, run.ExitCode);
            Assert.Equal(required ? $"error: library_missing: {file}" : "", run.Error.Split(',')[0].TrimEnd());
        });
    }

    [Theory]
    [MemberData(nameof(Required))]
    public async Task Detect_LibraryAway_FailsInOneLineThatNamesIt(string file)
    {
        using var copy = await FolderCopy.CreateAsync(AppContext.BaseDirectory, Token);
        var putBack = copy.Remove(file);
        using var output = new TemporaryFolder();

        var run = await RunAsync(copy, "detect", "--model", model.Onnx, "--input", Photo, "--output", output.Path);

        AssertOneLine($"error: library_missing: {file}", run);
        Assert.Empty(Directory.GetFiles(output.Path));

        putBack();
        var mended = await RunAsync(copy, "detect", "--model", model.Onnx, "--input", Photo, "--output", output.Path);
        Assert.True(mended.ExitCode == 0, mended.Error);
    }

    [Theory]
    [MemberData(nameof(Required))]
    public async Task Detect_LibraryThatIsNone_FailsInOneLineThatNamesIt(string file)
    {
        using var copy = await FolderCopy.CreateAsync(AppContext.BaseDirectory, Token);
        copy.Replace(file, "this is no library, however long it may be: a loader finds no header here"u8.ToArray());
        using var output = new TemporaryFolder();

        var run = await RunAsync(copy, "detect", "--model", model.Onnx, "--input", Photo, "--output", output.Path);

        AssertOneLine($"error: library_unusable: {file}", run);
    }

    [Fact]
    public async Task Commands_ModelRunnerAway_FailInOneLineEach()
    {
        using var copy = await FolderCopy.CreateAsync(AppContext.BaseDirectory, Token);
        var file = NativeLibraries.OnnxRuntime.File;
        _ = copy.Remove(file);
        using var folder = new TemporaryFolder();

        foreach (var arguments in (string[][])
            [
                ["export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", folder.File("m.onnx")],
                ["bench", "--model", model.Onnx, "--images", DemoModel.Photos],
            ])
        {
            AssertOneLine($"error: library_missing: {file}", await RunAsync(copy, arguments));
        }

        // This one says what it does before.
        var up = await RunAsync(copy, "up", "--port", "0", "--data", folder.File("data"), "--model", model.Onnx, "--app", App);
        Assert.Equal(1, up.ExitCode);
        Assert.StartsWith(
            $"error: library_missing: {file}", up.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
    }

    /// <summary>Waiting mends nothing here: <c>up</c> says why the app is not ready, and ends.</summary>
    [Theory]
    [MemberData(nameof(Required))]
    public async Task Up_LibraryOfTheAppAway_SaysWhyItIsNotReadyAndEnds(string file)
    {
        using var copy = await FolderCopy.CreateAsync(App, Token);
        _ = copy.Remove(file);
        using var folder = new TemporaryFolder();

        var run = await Cli.RunProgramAsync(
            "dotnet", [Cli.Program, "up", "--port", "0", "--data", folder.File("data"), "--model", model.Onnx, "--app", copy.Path]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("", run.Output);
        var last = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.StartsWith("error: library_missing: ", last, StringComparison.Ordinal);
        Assert.Contains($" {file}, which ", last, StringComparison.Ordinal);
        Assert.EndsWith(folder.File("data", "logs", "app.log"), last, StringComparison.Ordinal);
    }

    private static Task<CliRun> RunAsync(FolderCopy copy, params string[] arguments) =>
        Cli.RunProgramAsync("dotnet", [Path.Combine(copy.Path, Path.GetFileName(Cli.Program)), .. arguments]);

    private static void AssertOneLine(string begin, CliRun run)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith(begin, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("", run.Output);
    }
}
