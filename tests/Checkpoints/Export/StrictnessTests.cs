using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

/// <summary>A checkpoint that does not fit its config makes no model, and the error names each tensor.</summary>
public class StrictnessTests
{
    private static readonly byte[] Config = TinyModel.Config();
    private static readonly List<TorchTensorData> Tensors = CheckpointFile.Tensors(Config);

    public static TheoryData<string> Names => [.. Tensors.Select(tensor => tensor.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Export_OneTensorMissing_IsRefusedByName(string name) =>
        Refuse(Tensors.Where(tensor => tensor.Name != name), $" Missing (1): {name}.", $"{Tensors.Count} inference tensors were expected");

    [Theory]
    [MemberData(nameof(Names))]
    public void Export_OneTensorOfAnotherShape_IsRefusedByName(string name)
    {
        var shape = Tensors.Single(tensor => tensor.Name == name).Shape;
        int[] grown = [shape[0] + 1, .. shape.Skip(1)];
        int[] deeper = [.. shape, 1];

        Refuse(Replaced(name, grown), $" Of another shape (1): {name} [{string.Join(", ", grown)}] instead of [{string.Join(", ", shape)}].", "another size or class count");
        Refuse(Replaced(name, deeper), $" Of another shape (1): {name} [{string.Join(", ", deeper)}] instead of [{string.Join(", ", shape)}].");
    }

    [Fact]
    public void Export_TransposedShapeOfEqualSize_IsRefused()
    {
        const string Name = "backbone.stages.3.conv.weight";
        Assert.Equal([8, 8, 3, 3], Tensors.Single(tensor => tensor.Name == Name).Shape);

        Refuse(Replaced(Name, [8, 8, 9, 1]), $"{Name} [8, 8, 9, 1] instead of [8, 8, 3, 3]");
    }

    [Theory]
    [InlineData("backbone.stages.4.conv.weight")]
    [InlineData("fpn.lateral_convs.2.conv.bias")]
    [InlineData("head.cls_convs.0.0.depthwise.bias")]
    [InlineData("head.gfl_regular.0.bias")]
    public void Export_OneTensorLeftOver_IsRefusedByName(string name) =>
        Refuse([.. Tensors, CheckpointFile.Procedural(name, 2)], $" Left over (1): {name}.");

    [Fact]
    public void Export_SeveralFaults_AreNamedAtOnce() => Refuse(
        [
            .. Replaced("fpn.lateral_convs.0.conv.bias", [7]).Where(tensor => tensor.Name is not ("head.gfl_cls.0.bias" or "backbone.stages.0.bn.weight")),
            CheckpointFile.Procedural("head.extra", 2),
        ],
        " Missing (2): backbone.stages.0.bn.weight, head.gfl_cls.0.bias.",
        " Of another shape (1): fpn.lateral_convs.0.conv.bias [7] instead of [6].",
        " Left over (1): head.extra.");

    [Fact]
    public void Export_WithoutBackbone_IsRefusedAndNothingIsDownloaded()
    {
        var missing = Tensors.Count(tensor => tensor.Name.StartsWith("backbone.", StringComparison.Ordinal));

        Refuse(
            Tensors.Where(tensor => !tensor.Name.StartsWith("backbone.", StringComparison.Ordinal)),
            $"Missing ({missing}): backbone.stages.0.conv.weight, ",
            $"and {missing - 20} more.",
            "All of backbone.* is missing: the checkpoint is only a part of a model. Backbone weights are never downloaded.");
    }

    [Theory]
    [InlineData("fpn.")]
    [InlineData("head.")]
    public void Export_WithoutAPart_IsRefusedByThePart(string part) => Refuse(
        Tensors.Where(tensor => !tensor.Name.StartsWith(part, StringComparison.Ordinal)), $"All of {part}* is missing: the checkpoint is only a part of a model.");

    [Fact]
    public void Export_OnlyBackbone_IsRefused() => Refuse(
        Tensors.Where(tensor => tensor.Name.StartsWith("backbone.", StringComparison.Ordinal)), "All of fpn.* is missing");

    [Fact]
    public void Export_ConfigOfAnotherBackbone_IsRefusedAsSuch()
    {
        var shuffle = TinyModel.Config(
            ("name: CustomCspNet", "name: ShuffleNetV2"),
            ("""
                  net_cfg:
                    - [Conv, 3, 4, 3, 2]
                    - [MaxPool, 3, 2]
                    - [CspBlock, 4, 1, 3, 2]
                    - [Conv, 8, 8, 3, 2]

            """,
            "      model_size: 0.5x\n"),
            ("in_channels: [8, 8]", "in_channels: [48, 96]"));

        Refusal.Expect(
            CheckpointErrorCode.Incomplete,
            () => ModelExporter.Export(CheckpointFile.Write(Tensors), shuffle, "tiny"),
            "Missing (", "backbone.conv1.0.weight", "Left over (", "backbone.stages.0.conv.weight",
            "All of backbone.* differs: the config is most likely that of another model.");
    }

    [Fact]
    public void Export_ConfigOfAnotherClassCount_IsRefusedAsSuch() => Refusal.Expect(
        CheckpointErrorCode.Incomplete,
        () => ModelExporter.Export(CheckpointFile.Write(Tensors), TinyModel.Config(("num_classes: 3", "num_classes: 5")), "tiny"),
        "Of another shape (4): head.gfl_cls.0.weight [19, 6, 1, 1] instead of [21, 6, 1, 1]",
        "the config is most likely that of a model of another size or class count.");

    [Fact]
    public void Inspect_IncompleteCheckpoint_SaysWhatExportWouldSay()
    {
        var file = CheckpointFile.Write([.. Tensors.Where(tensor => tensor.Name != "head.gfl_cls.0.bias")]);

        var summary = CheckpointInspector.Inspect(file, Config);

        Assert.False(summary.Complete);
        Assert.Equal(Assert.Throws<CheckpointException>(() => ModelExporter.Export(file, Config, "tiny")).Message, summary.Problem);
        Assert.Empty(summary.MissingParts);
    }

    [Fact]
    public void Inspect_CompleteCheckpoint_DescribesIt()
    {
        var file = CheckpointFile.Write([.. Tensors, CheckpointFile.Procedural("aux_head.x", 5), TorchTensorData.Int64("backbone.y.num_batches_tracked", 3)]);

        var summary = CheckpointInspector.Inspect(file, Config);

        Assert.True(summary.Complete);
        Assert.Null(summary.Problem);
        Assert.Equal(file.LongLength, summary.Bytes);
        Assert.Equal(ModelExporter.Export(file, Config, "tiny").CheckpointSha256, summary.Sha256);
        Assert.True(summary.Auxiliary);
        Assert.Equal(["backbone", "fpn", "head", "aux_head"], summary.Parts.Select(part => part.Name));
        Assert.Equal(new CheckpointPart("fpn", 4, 2 * ((8 * 6) + 6)), summary.Parts[1]);
        Assert.Equal(new CheckpointPart("aux_head", 1, 5), summary.Parts[3]);
        Assert.Equal([new("Float32", Tensors.Count + 1), new("Int64", 1)], summary.Types);
    }

    [Fact]
    public void Inspect_PartOfACheckpoint_NamesTheMissingParts()
    {
        var file = CheckpointFile.Write([CheckpointFile.Procedural("backbone.x", 5)]);

        var summary = CheckpointInspector.Inspect(file);

        Assert.Equal(["fpn", "head"], summary.MissingParts);
        Assert.Equal((null, null, false), (summary.Complete, summary.Problem, summary.Auxiliary));
    }

    private static IEnumerable<TorchTensorData> Replaced(string name, int[] shape) =>
        Tensors.Select(tensor => tensor.Name == name ? CheckpointFile.Procedural(name, shape) : tensor);

    private static void Refuse(IEnumerable<TorchTensorData> tensors, params string[] words)
    {
        var file = CheckpointFile.Write([.. tensors]);
        Refusal.Expect(CheckpointErrorCode.Incomplete, () => ModelExporter.Export(file, Config, "tiny"), ["nothing was exported", .. words]);
    }
}
