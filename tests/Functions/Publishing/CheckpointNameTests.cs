using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Tests.Publishing;

public sealed class CheckpointNameTests
{
    [Theory]
    [InlineData("a.pth", "a", false)]
    [InlineData("a.PT", "a", false)]
    [InlineData("team/run 1/model_best.ckpt", "team/run 1/model_best", false)]
    [InlineData("a.safetensors", "a", false)]
    [InlineData("nanodet-plus-m-1.5x_416.yml", "nanodet-plus-m-1.5x_416", true)]
    [InlineData("a.yaml", "a", true)]
    [InlineData("a.report.yml", "a.report", true)]
    public void TryParse_CheckpointOrConfig_IsTakenApart(string blob, string stem, bool isConfig)
    {
        Assert.True(CheckpointName.TryParse(blob, out var name));
        Assert.Equal(new CheckpointName(stem, isConfig), name);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a.onnx")]
    [InlineData("a.report.json")]
    [InlineData("a.pth.tmp")]
    [InlineData(".pth")]
    [InlineData("folder/.yml")]
    [InlineData("...pth")]
    [InlineData("../a.pth")]
    [InlineData("a/../../models/b.yml")]
    [InlineData("a\\b.pth")]
    [InlineData("a\nb.pth")]
    public void TryParse_AnythingElse_IsNone(string blob) => Assert.False(CheckpointName.TryParse(blob, out _));

    [Fact]
    public void TryParse_NameThatLeavesNoRoomForTheReport_IsNone() =>
        Assert.False(CheckpointName.TryParse(new string('a', 1015) + ".pth", out _));

    [Fact]
    public void ModelOf_Folder_IsLeftOut() => Assert.Equal("c", CheckpointName.ModelOf("a/b/c"));
}
