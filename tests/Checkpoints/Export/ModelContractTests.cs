using System.Globalization;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

/// <summary>What <c>docs/model-format.md</c> promises of a model file.</summary>
public class ModelContractTests
{
    private static readonly byte[] Config = TinyModel.Config();
    private static readonly byte[] KeepRatioConfig = TinyModel.Config(("keep_ratio: false", "keep_ratio: true"), ("[64, 64]", "[96, 64]"));
    private static readonly byte[] Checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config));
    private static readonly byte[] PlusCheckpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig()));

    [Fact]
    public void Export_AnyModel_HasTheVersionsOfTheContract()
    {
        var model = Parse(Export());

        Assert.Equal(8, model.IrVersion);
        var opset = Assert.Single(model.OpsetImport);
        Assert.Equal(("", 17L), (opset.Domain, opset.Version));
        Assert.Equal("Nanodet.Serverless", model.ProducerName);
    }

    [Fact]
    public void Export_StretchingModel_HasOnlyADynamicBatch()
    {
        var graph = Parse(Export()).Graph;

        Assert.Equal("data: float [batch, 3, 64, 64]", Describe(Assert.Single(graph.Input)));
        Assert.Equal("output: float [batch, 80, 19]", Describe(Assert.Single(graph.Output)));
    }

    [Fact]
    public void Export_KeepRatioModel_HasDynamicSides()
    {
        var exported = ModelExporter.Export(Checkpoint, KeepRatioConfig, "tiny");
        var graph = Parse(exported).Graph;

        Assert.Equal("data: float [batch, 3, height, width]", Describe(Assert.Single(graph.Input)));
        Assert.Equal("output: float [batch, points, 19]", Describe(Assert.Single(graph.Output)));
        Assert.Equal((96, 64), (exported.InputWidth, exported.InputHeight));
        Assert.Equal([1, (12 * 8) + (6 * 4), 19], exported.OutputShape);
    }

    [Fact]
    public void Export_KeepRatioModelOfAnOddSize_IsLaidOutForItsPadding()
    {
        var exported = ModelExporter.Export(Checkpoint, TinyModel.Config(("keep_ratio: false", "keep_ratio: true"), ("[64, 64]", "[70, 40]")), "tiny");

        Assert.Equal((96, 64), (exported.InputWidth, exported.InputHeight));
        Assert.Equal(("70", "40"), (Metadata(exported)["nanodet.inputWidth"], Metadata(exported)["nanodet.inputHeight"]));
    }

    [Theory]
    [InlineData("[70, 40]", 96, 64)]
    [InlineData("[64, 33]", 64, 64)]
    [InlineData("[16, 48]", 32, 64)]
    public void Export_StretchedModelOfAnOddSize_IsLaidOutForItsPadding(string size, int width, int height)
    {
        var exported = ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", size)), "tiny");

        Assert.Equal((width, height), (exported.InputWidth, exported.InputHeight));
        Assert.Equal($"data: float [batch, 3, {height}, {width}]", Describe(Assert.Single(Parse(exported).Graph.Input)));
        Assert.Equal(size, $"[{Metadata(exported)["nanodet.inputWidth"]}, {Metadata(exported)["nanodet.inputHeight"]}]");
    }

    [Fact]
    public void Export_AnyModel_HasNoInitializerAmongItsInputs()
    {
        var graph = Parse(Export()).Graph;

        Assert.NotEmpty(graph.Initializer);
        Assert.DoesNotContain(graph.Input, input => graph.Initializer.Any(initializer => initializer.Name == input.Name));
        Assert.Empty(graph.SparseInitializer);
    }

    [Fact]
    public void Export_AnyModel_HasNothingThatTheOutputDoesNotNeed()
    {
        foreach (var graph in (GraphProto[])[Parse(Export()).Graph, Parse(ModelExporter.Export(PlusCheckpoint, TinyModel.PlusConfig(), "plus")).Graph])
        {
            var used = graph.Node.SelectMany(node => node.Input).Append("output").ToHashSet();

            Assert.All(graph.Node, node => Assert.Contains(node.Output, used.Contains));
            Assert.All(graph.Initializer, initializer => Assert.Contains(initializer.Name, used));
            Assert.DoesNotContain(graph.Node, node => node.OpType is "BatchNormalization" or "Identity" or "Constant" or "Shape");
        }
    }

    [Fact]
    public void Export_BackboneStageThatNoOneTakes_IsNotInTheModel()
    {
        // The neck begins at the second level, so the first lateral convolution does not exist and no node may lead to it.
        var config = TinyModel.Config(("num_outs: 2", "num_outs: 1\n      start_level: 1"), ("strides: [8, 16]", "strides: [16]"));
        var exported = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "tiny", plain: true);
        var full = ModelExporter.Export(Checkpoint, Config, "tiny", plain: true);

        Assert.Equal([1, 16, 19], exported.OutputShape);
        Assert.False(exported.Operators.ContainsKey("Resize"));
        Assert.Equal(full.Operators["Conv"] - 4, exported.Operators["Conv"]);
    }

    [Fact]
    public void Export_StageBehindTheLastTakenOne_NeedsItsWeightsAndHasNoNodes()
    {
        // As in the official module, the last stage exists and must be there; nothing that the output needs runs through it.
        var config = TinyModel.Config(
            ("out_stages: [2, 3]", "out_stages: [2]"), ("in_channels: [8, 8]", "in_channels: [8]"), ("num_outs: 2", "num_outs: 1"), ("strides: [8, 16]", "strides: [8]"));
        var tensors = CheckpointFile.Tensors(config);
        Assert.Contains(tensors, tensor => tensor.Name == "backbone.stages.3.conv.weight");

        var graph = Parse(ModelExporter.Export(CheckpointFile.Write(tensors), config, "tiny")).Graph;

        Assert.DoesNotContain(graph.Node, node => node.Name.StartsWith("backbone.stages.3", StringComparison.Ordinal));
        Assert.DoesNotContain(graph.Initializer, initializer => initializer.Name.StartsWith("backbone.stages.3", StringComparison.Ordinal));
        Assert.Contains(graph.Node, node => node.Name.StartsWith("backbone.stages.2", StringComparison.Ordinal));
    }

    [Fact]
    public void Export_Account_AgreesWithTheModel()
    {
        var exported = Export();
        var graph = Parse(exported).Graph;

        Assert.Equal(
            graph.Node.GroupBy(node => node.OpType).Select(group => (group.Key, group.Count())).Order(), exported.Operators.Select(pair => (pair.Key, pair.Value)));
        Assert.Equal(exported.Operators.Keys.Order(StringComparer.Ordinal), exported.Operators.Keys);
        Assert.Equal(CheckpointFile.Tensors(Config).Count, exported.Tensors);
        Assert.Equal(
            CheckpointFile.Tensors(Config).Where(tensor => !tensor.Name.Contains(".running_", StringComparison.Ordinal)).Sum(tensor => tensor.Bytes.Length / 4),
            exported.Parameters);
        Assert.Equal(["cat", "dog", "bird"], exported.Classes);
        Assert.Equal("tiny", exported.Name);
    }

    [Fact]
    public void Export_PlainOnDemand_GivesTheTwinOfTheOptimisedGraph()
    {
        var optimised = Export();
        var plain = ModelExporter.Export(Checkpoint, Config, "tiny", plain: true);

        Assert.Equal(plain.PlainOnnx, plain.Onnx);
        Assert.Equal(plain.Onnx, optimised.PlainOnnx);
        Assert.NotEqual(plain.Onnx, optimised.Onnx);
        Assert.Equal(Metadata(plain), Metadata(optimised));
        Assert.Contains("Split", plain.Operators.Keys);
        Assert.DoesNotContain("Split", optimised.Operators.Keys);
    }

    [Fact]
    public void Export_Twice_GivesTheSameBytes() => Assert.Equal(Export().Onnx, Export().Onnx);

    [Fact]
    public void Export_OtherCulture_GivesTheSameBytes()
    {
        var expected = ModelExporter.Export(PlusCheckpoint, TinyModel.PlusConfig(("[0, 0, 0]", "[0.5, -1.25, 1e-7]")), "plus").Onnx;
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NumberDecimalSeparator = ",";
        odd.NumberFormat.NegativeSign = "minus";
        odd.NumberFormat.NumberGroupSeparator = ".";
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = odd;
            Assert.Equal("minus0,5", (-0.5).ToString());
            Assert.Equal(expected, ModelExporter.Export(PlusCheckpoint, TinyModel.PlusConfig(("[0, 0, 0]", "[0.5, -1.25, 1e-7]")), "plus").Onnx);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Export_OrderOfTheCheckpoint_DoesNotMatter()
    {
        var reversed = CheckpointFile.Tensors(Config);
        reversed.Reverse();

        Assert.Equal(
            OnnxMetadata.With(Export().Onnx, "nanodet.checkpointSha256", ""),
            OnnxMetadata.With(ModelExporter.Export(CheckpointFile.Write(reversed), Config, "tiny").Onnx, "nanodet.checkpointSha256", ""));
    }

    private static ExportedModel Export() => ModelExporter.Export(Checkpoint, Config, "tiny");

    private static ModelProto Parse(ExportedModel model) => ModelProto.Parser.ParseFrom(model.Onnx);

    private static IReadOnlyDictionary<string, string> Metadata(ExportedModel model) => OnnxMetadata.Read(model.Onnx);

    private static string Describe(ValueInfoProto value)
    {
        Assert.Equal((int)TensorProto.Types.DataType.Float, value.Type.TensorType.ElemType);
        var dimensions = value.Type.TensorType.Shape.Dim.Select(dimension => dimension.HasDimValue ? dimension.DimValue.ToString() : dimension.DimParam);
        return $"{value.Name}: float [{string.Join(", ", dimensions)}]";
    }
}
