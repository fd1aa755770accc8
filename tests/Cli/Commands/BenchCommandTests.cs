using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class BenchCommandTests(DemoModel model) : IDisposable
{
    private static readonly string Photo = Path.Combine(DemoModel.Photos, "sample1.jpg");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bench_Count_MeasuresThatManyImages()
    {
        var report = await Cli.JsonAsync(
            "bench", "--model", model.Onnx, "--images", Photo, "--count", "21", "--concurrency", "2", "--batch", "4", "--provider", "cpu");
        Assert.Equal(1, report.GetProperty("files").GetInt32());
        Assert.Equal(2, report.GetProperty("concurrency").GetInt32());
        Assert.Equal(1, report.GetProperty("threads").GetInt32());
        Assert.Equal(4, report.GetProperty("batchSize").GetInt32());
        Assert.NotEmpty(report.GetProperty("machine").GetProperty("cpu").GetString()!);
        Assert.True(report.GetProperty("peakMemoryBytes").GetInt64() > 10_000_000);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("speedUp").ValueKind);
        var figures = Assert.Single(report.GetProperty("models").EnumerateArray());
        Assert.Equal(21, figures.GetProperty("images").GetInt64());
        Assert.Equal("CPU", figures.GetProperty("provider").GetString());
        Assert.Equal("nanodet-g", figures.GetProperty("model").GetProperty("name").GetString());
        AssertMeasured(figures);

        // One photo, so each image has the photo's detections.
        var detected = await Cli.JsonAsync("detect", "--model", model.Onnx, "--input", Photo, "--output", _folder.Path, "--provider", "cpu");
        Assert.Equal(
            detected.GetProperty("images")[0].GetProperty("result").GetProperty("detections").GetArrayLength(),
            figures.GetProperty("detectionsPerImage").GetDouble());
    }

    [Fact]
    public async Task Bench_Compare_MeasuresBothModels()
    {
        var report = await Cli.JsonAsync(
            "bench", "--model", model.Onnx, "--images", Photo, "--seconds", "0.1", "--compare", model.Onnx, "--fast-decode", "--provider", "cpu");
        var models = report.GetProperty("models").EnumerateArray().ToList();
        Assert.Equal(2, models.Count);
        Assert.All(models, AssertMeasured);
        Assert.True(report.GetProperty("fastDecode").GetBoolean());
        Assert.Equal(
            models[0].GetProperty("imagesPerSecond").GetDouble() / models[1].GetProperty("imagesPerSecond").GetDouble(),
            report.GetProperty("speedUp").GetDouble(),
            1e-9);
        Assert.Equal(
            models[0].GetProperty("runImagesPerSecond").GetDouble() / models[1].GetProperty("runImagesPerSecond").GetDouble(),
            report.GetProperty("runSpeedUp").GetDouble(),
            1e-9);
    }

    [Fact]
    public async Task Bench_ForPeople_ShowsATable()
    {
        var run = await Cli.RunAsync("bench", "--model", model.Onnx, "--images", Photo, "--count", "2", "--provider", "cpu");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("the graph alone", run.Output, StringComparison.Ordinal);
        Assert.Contains("peak memory", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_BrokenImage_FailsByName()
    {
        await File.WriteAllBytesAsync(_folder.File("a.jpg"), await File.ReadAllBytesAsync(Photo, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(_folder.File("b.jpg"), "no image"u8.ToArray(), TestContext.Current.CancellationToken);
        var run = await Cli.RunAsync("bench", "--model", model.Onnx, "--images", _folder.Path, "--count", "2");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: not_an_image: b.jpg: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--seconds", "0")]
    [InlineData("--count", "0")]
    [InlineData("--count", "5", "--seconds", "5")]
    [InlineData("--batch", "0")]
    [InlineData("--concurrency", "257")]
    [InlineData("--threads", "-1")]
    [InlineData("--score", "2")]
    public async Task Bench_OutOfRange_IsWrongUsage(params string[] arguments)
    {
        var run = await Cli.RunAsync(["bench", "--model", model.Onnx, "--images", Photo, .. arguments]);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("usage: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private static void AssertMeasured(JsonElement figures)
    {
        foreach (var name in (string[])["imagesPerSecond", "runImagesPerSecond", "ratioToRun", "processorMs", "runProcessorMs", "allocatedBytesPerImage"])
        {
            Assert.True(figures.GetProperty(name).GetDouble() > 0, $"{name} is {figures.GetProperty(name)}");
        }

        foreach (var stage in (string[])["decode", "preprocess", "inference", "postprocess"])
        {
            var (median, high) = (figures.GetProperty(stage).GetProperty("p50Ms").GetDouble(), figures.GetProperty(stage).GetProperty("p95Ms").GetDouble());
            Assert.True(median > 0 && high >= median, $"{stage}: {median}, {high}");
        }
    }
}
