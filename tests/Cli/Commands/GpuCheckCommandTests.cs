using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class GpuCheckCommandTests(DemoModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _photos = new();

    public void Dispose()
    {
        _folder.Dispose();
        _photos.Dispose();
    }

    [Fact]
    public async Task GpuCheck_OnTheCpu_ChecksWhatCanBeChecked()
    {
        File.Copy(model.Onnx, Path.Combine(_folder.Path, "fp32.onnx"));
        AddPhoto();

        var report = await Cli.JsonAsync(
            "gpu-check", "--models", _folder.Path, "--images", _photos.Path, "--provider", "cpu", "--seconds", "0.1");

        Assert.Equal(0, report.GetProperty("broken").GetInt32());
        var lines = report.GetProperty("lines").EnumerateArray()
            .ToDictionary(line => line.GetProperty("check").GetString()!, line => line.GetProperty("value").GetString()!);
        Assert.Contains("as at export", report.GetRawText(), StringComparison.Ordinal);
        Assert.StartsWith("0 of ", lines["detections against the CPU"], StringComparison.Ordinal);
        Assert.True(int.Parse(lines["cold start until ready, ms"]) > 0);
        Assert.True(double.Parse(lines["images/s, 8 a call, the whole way"]) > 0);
        Assert.Contains(" + ", lines["two processes at the same time, images/s"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task GpuCheck_ModelThatIsNone_IsBrokenAndEndsWithOne()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "none.onnx"), "no model", TestContext.Current.CancellationToken);
        AddPhoto();

        var run = await Cli.RunAsync(
            "gpu-check", "--models", _folder.Path, "--images", _photos.Path, "--provider", "cpu", "--seconds", "0.1");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("BROKEN", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GpuCheck_FolderWithoutModels_SaysWhatWasExpected()
    {
        AddPhoto();

        var run = await Cli.RunAsync("gpu-check", "--models", _folder.Path, "--images", _photos.Path, "--provider", "cpu");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no_models", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--seconds", "0", "expected 0.1 to 600")]
    [InlineData("--provider", "tensorrt", "expected cuda or cpu")]
    public async Task GpuCheck_WrongOption_IsWrongUsage(string option, string value, string expected)
    {
        var run = await Cli.RunAsync("gpu-check", "--models", _folder.Path, "--images", _photos.Path, option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    private void AddPhoto() => File.Copy(Path.Combine(DemoModel.Photos, "sample1.jpg"), Path.Combine(_photos.Path, "sample1.jpg"));
}
