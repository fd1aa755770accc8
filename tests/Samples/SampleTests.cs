using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Samples.Tests;

public sealed class SampleTests(BuiltSamples samples)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Detect_Photo_PrintsItsObjects()
    {
        var model = await WriteAsync("blue.onnx", SampleFiles.Model);

        var run = await samples.RunAsync("Detect", model, await WriteAsync("photo.png", SampleFiles.Photo));

        Assert.Equal((0, "blue 1.00 at 16,8, 16 x 16 pixels\n", ""), (run.ExitCode, run.Output.ReplaceLineEndings("\n"), run.Error));
    }

    [Fact]
    public async Task Detect_NoPhoto_SaysWhatItFound()
    {
        var model = await WriteAsync("blue.onnx", SampleFiles.Model);

        var run = await samples.RunAsync("Detect", model, await WriteAsync("text.png", "no photo"u8.ToArray()));

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("text.png: Expected the first bytes of a JPEG", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_Checkpoint_MakesAModelThatDetects()
    {
        var config = await WriteAsync("tiny.yml", SampleFiles.Config);
        var model = samples.File("tiny.onnx");

        var convert = await samples.RunAsync("Convert", config, await WriteAsync("tiny.pth", SampleFiles.Checkpoint), model);
        Assert.True(convert.ExitCode == 0, convert.Error);
        Assert.EndsWith(" parameters, 64 x 64 pixels, left, right\n", convert.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);

        var detect = await samples.RunAsync("Detect", model, await WriteAsync("converted.png", SampleFiles.Photo));
        Assert.True(detect.ExitCode == 0, detect.Error);
        var lines = detect.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.StartsWith("left 1.00 at ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task BatchingServer_ManyCallers_ShareRuns()
    {
        using var server = samples.Start(
            "BatchingServer", "--Model", await WriteAsync("served.onnx", SampleFiles.Model), "--urls", "http://127.0.0.1:0",
            "--Batching:Lanes", "1", "--Batching:MaxRunSize", "8", "--Batching:MaxDelay", "00:00:01");
        var error = server.StandardError.ReadToEndAsync(Token);
        try
        {
            using var http = new HttpClient { BaseAddress = await AddressAsync(server.StandardOutput) };
            var rest = server.StandardOutput.ReadToEndAsync(Token);

            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
            {
                using var answer = await http.PostAsync("detect", new ByteArrayContent(SampleFiles.Photo), Token);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                return await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
            }));

            Assert.All(answers, answer =>
                Assert.Equal("blue", Assert.Single(answer.GetProperty("detections").EnumerateArray()).GetProperty("className").GetString()));
            Assert.Contains(answers, answer => answer.GetProperty("runSize").GetInt32() > 1);

            using var refused = await http.PostAsync("detect", new ByteArrayContent("no photo"u8.ToArray()), Token);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Equal("not_an_image", (await refused.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("code").GetString());

            await TerminateAsync(server.Id);
            await server.WaitForExitAsync(Token);
            Assert.True(server.ExitCode == 0, $"{await rest}{await error}");
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill(entireProcessTree: true);
            }
        }
    }

    [Fact]
    public async Task Consumer_OfALibrary_DetectsAndWritesLabelsInTheFontOfThePackage()
    {
        var picture = samples.File("annotated.jpg");

        var run = await samples.RunAsync(
            "Consumer", await WriteAsync("consumed.onnx", SampleFiles.Model), await WriteAsync("consumed.png", SampleFiles.Photo), picture);

        Assert.Equal((0, "blue"), (run.ExitCode, run.Output.TrimEnd()));
        Assert.Equal("", run.Error);
        Assert.Equal([0xFF, 0xD8], (await File.ReadAllBytesAsync(picture, Token))[..2]);
        foreach (var sample in new[] { "Consumer", "Detect", "BatchingServer" })
        {
            Assert.Equal(
                ["Inter-Bold.ttf", "fonts.conf"],
                Directory.EnumerateFiles(Path.Combine(samples.OutputOf(sample), "fonts")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Detect_Published_IsWholeInTheFolder()
    {
        var published = samples.File("published");

        var publish = await ProgramRun.OfAsync(
            samples.File("Detect"), "dotnet", "publish", "-c", "Release", "--no-build", "-o", published, "-nologo", "-v", "quiet");
        Assert.True(publish.ExitCode == 0, publish.Output);

        Assert.True(File.Exists(Path.Combine(published, "fonts", "Inter-Bold.ttf")));
        Assert.True(File.Exists(Path.Combine(published, "fonts", "fonts.conf")));
        var run = await ProgramRun.OfAsync(
            published,
            "dotnet",
            "exec",
            "Detect.dll",
            await WriteAsync("published.onnx", SampleFiles.Model),
            await WriteAsync("published.png", SampleFiles.Photo));
        Assert.Equal((0, "blue 1.00 at 16,8, 16 x 16 pixels"), (run.ExitCode, run.Output.TrimEnd()));
    }

    [Theory]
    [InlineData("vips", "NetVips.Native.")]
    [InlineData("onnxruntime", "Microsoft.ML.OnnxRuntime (CPU)")]
    public async Task Consumer_WithoutANativeLibrary_IsToldThePackageThatHasIt(string library, string package)
    {
        using var copy = await FolderCopy.CreateAsync(samples.OutputOf("Consumer"), Token);
        var file = Directory.EnumerateFiles(copy.Path).Select(path => Path.GetFileName(path))
            .Single(name => name.StartsWith($"lib{library}.", StringComparison.Ordinal));
        _ = copy.Remove(file);

        var run = await ProgramRun.OfAsync(
            copy.Path,
            "dotnet",
            "exec",
            Path.Combine(copy.Path, "Consumer.dll"),
            await WriteAsync($"{library}.onnx", SampleFiles.Model),
            await WriteAsync($"{library}.png", SampleFiles.Photo),
            samples.File($"{library}.jpg"));

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"library_missing: {file}", run.Error, StringComparison.Ordinal);
        Assert.Contains($"from the NuGet package {package}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Consumer_Output_IsSmallAndOfOnePlatform()
    {
        Assert.SkipUnless(BuiltSamples.Platform == "linux-x64", "The figure is that of linux-x64.");
        var files = new DirectoryInfo(samples.OutputOf("Consumer")).GetFiles("*", SearchOption.AllDirectories);

        Assert.InRange(files.Sum(file => file.Length), 20_000_000, 60_000_000);
        Assert.DoesNotContain(files, file => file.Extension is ".dylib" or ".lib" || file.Name == "onnxruntime.dll");
        Assert.Single(files, file => file.Name == "libonnxruntime.so");
    }

    private async Task<string> WriteAsync(string name, byte[] content)
    {
        await File.WriteAllBytesAsync(samples.File(name), content, Token);
        return samples.File(name);
    }

    private static async Task<Uri> AddressAsync(StreamReader output)
    {
        const string Mark = "Now listening on: ";
        var lines = new List<string>();
        while (await output.ReadLineAsync(Token) is { } line)
        {
            lines.Add(line);
            if (line.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at)
            {
                return new Uri(line[(at + Mark.Length)..].Trim());
            }
        }

        throw new InvalidOperationException($"The server ended before it listened: {string.Join('\n', lines)}");
    }

    private static async Task TerminateAsync(int process)
    {
        var run = await ProgramRun.OfAsync(Path.GetTempPath(), "sh", "-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM {process}"));
        Assert.True(run.ExitCode == 0, run.Error);
    }
}
