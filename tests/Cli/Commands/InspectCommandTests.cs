using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class InspectCommandTests(DemoModel model)
{
    [Fact]
    public async Task Inspect_CompleteCheckpoint_ShowsPartsAndCompleteness()
    {
        var checkpoint = (await Cli.JsonAsync("inspect", model.Checkpoint, "--config", model.Config)).GetProperty("checkpoint");
        Assert.Equal(
            [("backbone", 150), ("fpn", 6), ("head", 31)],
            checkpoint.GetProperty("parts").EnumerateArray().Select(part => (part.GetProperty("name").GetString()!, part.GetProperty("tensors").GetInt32())));
        Assert.True(checkpoint.GetProperty("complete").GetBoolean());
        Assert.False(checkpoint.GetProperty("auxiliary").GetBoolean());
        Assert.False(checkpoint.GetProperty("form").GetProperty("averaged").GetBoolean());
        Assert.Equal(28, checkpoint.GetProperty("types").GetProperty("Int64").GetInt32());
    }

    [Fact]
    public async Task Inspect_ConfigThatDoesNotFit_ShowsSummaryAndFails()
    {
        using var folder = new TemporaryFolder();
        var config = folder.File("other.yml");
        var text = await File.ReadAllTextAsync(model.Config, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(config, text.Replace("stacked_convs: 1", "stacked_convs: 2", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var run = await Cli.RunAsync("inspect", model.Checkpoint, "--config", config);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("backbone", run.Output, StringComparison.Ordinal);
        Assert.Contains("head.cls_convs.0.1.conv.weight", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_Model_ShowsMetadata()
    {
        var metadata = (await Cli.JsonAsync("inspect", model.Onnx)).GetProperty("model").GetProperty("metadata");
        Assert.Equal("nanodet-g", metadata.GetProperty("nanodet.name").GetString());
        Assert.Equal("legacy", metadata.GetProperty("nanodet.head").GetString());
        Assert.Equal("[8,16,32]", metadata.GetProperty("nanodet.strides").GetString());
        Assert.Equal("10", metadata.GetProperty("nanodet.regMax").GetString());
        Assert.Equal("true", metadata.GetProperty("nanodet.keepRatio").GetString());
        Assert.Contains("splitmix64-u8", metadata.GetProperty("nanodet.parity").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_FileThatIsNeither_FailsByName()
    {
        var run = await Cli.RunAsync("inspect", Path.Combine(DemoModel.Photos, "sample1.jpg"));
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: not_a_checkpoint: ", run.Error, StringComparison.Ordinal);
    }
}
