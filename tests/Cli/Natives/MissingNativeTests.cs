using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.Pipeline.Natives;
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
                ["up", "--port", "0", "--data", folder.File("data"), "--model", model.Onnx, "--app", App],
            ])
        {
            AssertOneLine($"error: library_missing: {file}", await RunAsync(copy, arguments));
        }
    }

    [Theory]
    [MemberData(nameof(Required))]
    public async Task Up_LibraryOfTheAppAway_SaysWhyItIsNotReadyAndEndsWhenAsked(string file)
    {
        using var copy = await FolderCopy.CreateAsync(App, Token);
        _ = copy.Remove(file);
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo(
            "dotnet", [Cli.Program, "up", "--port", "0", "--data", folder.File("data"), "--model", model.Onnx, "--app", copy.Path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var lines = new List<string>();
        while (await process.StandardError.ReadLineAsync(Token) is { } line)
        {
            lines.Add(line);
            if (line.Contains("library_missing: ", StringComparison.Ordinal))
            {
                break;
            }
        }

        Assert.True(lines.Count > 0 && lines[^1].Contains($"library_missing: {file}", StringComparison.Ordinal), string.Join('\n', lines));
        Assert.False(process.HasExited);
        await Cli.RunProgramAsync("kill", ["-TERM", $"{process.Id}"]);
        await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.Equal("", await output);
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
