using System.Globalization;
using System.Security.Cryptography;
using Nanodet.Serverless.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Graph;
using Nanodet.Serverless.TestKit;
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
        var exported = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "tiny");
        var full = Export();

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
    public void Export_LegacyModel_DescribesItself()
    {
        var version = typeof(ModelExporter).Assembly.GetName().Version!.ToString(3);

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["nanodet.name"] = "tiny",
                ["nanodet.head"] = "legacy",
                ["nanodet.classes"] = """["cat","dog","bird"]""",
                ["nanodet.strides"] = "[8,16]",
                ["nanodet.regMax"] = "3",
                ["nanodet.inputWidth"] = "96",
                ["nanodet.inputHeight"] = "64",
                ["nanodet.keepRatio"] = "true",
                ["nanodet.mean"] = "[103.53,116.28,123.675]",
                ["nanodet.std"] = "[57.375,57.12,58.395]",
                ["nanodet.colorOrder"] = "BGR",
                ["nanodet.activation"] = "sigmoid",
                ["nanodet.checkpointSha256"] = Convert.ToHexStringLower(SHA256.HashData(Checkpoint)),
                ["nanodet.configSha256"] = Convert.ToHexStringLower(SHA256.HashData(KeepRatioConfig)),
                ["nanodet.exporter"] = $"Nanodet.Serverless {version}",
            },
            Metadata(ModelExporter.Export(Checkpoint, KeepRatioConfig, "tiny")));
    }

    [Fact]
    public void Export_PlusModel_DescribesItself()
    {
        var metadata = Metadata(ModelExporter.Export(PlusCheckpoint, TinyModel.PlusConfig(), "tiny plus"));

        Assert.Equal(
            ("tiny plus", "plus", "[8,16,32]", "2", "false"),
            (metadata["nanodet.name"], metadata["nanodet.head"], metadata["nanodet.strides"], metadata["nanodet.regMax"], metadata["nanodet.keepRatio"]));
        Assert.Equal(("[0,0,0]", "[255,255,255]"), (metadata["nanodet.mean"], metadata["nanodet.std"]));
    }

    [Fact]
    public void Export_ClassNamesInOtherScripts_SurviveTheMetadata()
    {
        var exported = ModelExporter.Export(Checkpoint, TinyModel.Config(("[cat, dog, bird]", """[猫, "a \"b\"\n", Vögel]""")), "tiny");

        Assert.Equal(["猫", "a \"b\"\n", "Vögel"], System.Text.Json.JsonSerializer.Deserialize<string[]>(Metadata(exported)["nanodet.classes"])!);
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

    [Fact]
    public void With_NewEntry_IsAddedAndNothingElseChanges()
    {
        var before = Export().Onnx;

        var after = OnnxMetadata.With(before, OnnxMetadata.Parity, """{ "version": 1 }""");

        Assert.Equal([.. OnnxMetadata.Read(before), new(OnnxMetadata.Parity, """{ "version": 1 }""")], OnnxMetadata.Read(after));
        Assert.Equal(ModelProto.Parser.ParseFrom(before).Graph, ModelProto.Parser.ParseFrom(after).Graph);
    }

    [Fact]
    public void With_KnownEntry_IsReplacedInItsPlace()
    {
        var before = Export().Onnx;

        var after = OnnxMetadata.With(before, "nanodet.classes", "[]");

        Assert.Equal(OnnxMetadata.Read(before).Select(pair => pair.Key == "nanodet.classes" ? new(pair.Key, "[]") : pair), OnnxMetadata.Read(after));
        Assert.Equal(before, OnnxMetadata.With(after, "nanodet.classes", """["cat","dog","bird"]"""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a model")]
    [InlineData("\n\u0003abc")]
    public void Read_NoModel_IsRefused(string latin1)
    {
        var file = System.Text.Encoding.Latin1.GetBytes(latin1);

        Refusal.Expect(CheckpointErrorCode.NotAnOnnxModel, () => OnnxMetadata.Read(file), $"({file.Length} bytes) is no ONNX model");
        Refusal.Expect(CheckpointErrorCode.NotAnOnnxModel, () => OnnxMetadata.With(file, "a", "b"), $"({file.Length} bytes) is no ONNX model");
    }

    [Fact]
    public void Read_EntryTwice_IsRefused()
    {
        var model = Parse(Export());
        model.MetadataProps.Add(new StringStringEntryProto { Key = "nanodet.name", Value = "other" });
        using var stream = new MemoryStream();
        using (var output = new Google.Protobuf.CodedOutputStream(stream, leaveOpen: true))
        {
            model.WriteTo(output);
        }

        Refusal.Expect(CheckpointErrorCode.NotAnOnnxModel, () => OnnxMetadata.Read(stream.ToArray()), "metadata 'nanodet.name' twice");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_BatchOfThree_EqualsThreeBatchesOfOne(bool plus)
    {
        using var model = new CpuModel(plus ? ModelExporter.Export(PlusCheckpoint, TinyModel.PlusConfig(), "plus").Onnx : Export().Onnx);
        const int Image = 3 * 64 * 64;
        var images = ProceduralValues.Symmetric("three images", 3 * Image);

        var (shape, together) = model.Run(images, 3, 3, 64, 64);
        var alone = Enumerable.Range(0, 3).Select(i => model.Run(images[(i * Image)..((i + 1) * Image)], 1, 3, 64, 64).Values).ToList();

        Assert.Equal(plus ? [3, 84, 14] : [3, 80, 19], shape);
        AssertClose([.. alone.SelectMany(values => values)], together);
        Assert.All(alone.Skip(1), values => Assert.NotEqual(alone[0], values));
    }

    [Theory]
    [InlineData(96, 64)]
    [InlineData(64, 96)]
    [InlineData(160, 32)]
    [InlineData(32, 32)]
    public void Run_KeepRatioModel_TakesAnyMultipleOf32(int width, int height)
    {
        using var model = new CpuModel(ModelExporter.Export(Checkpoint, KeepRatioConfig, "tiny").Onnx);
        using var stretching = new CpuModel(ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", $"[{width}, {height}]")), "tiny").Onnx);
        var input = ProceduralValues.Input(height, width);

        var (shape, values) = model.Run(input, 1, 3, height, width);

        Assert.Equal([1, (width / 8 * (height / 8)) + (width / 16 * (height / 16)), 19], shape);
        AssertClose(stretching.Run(input, 1, 3, height, width).Values, values);
    }

    [Fact]
    public void Run_KeepRatioModelWithAnExtraLevel_RoundsItsPointsUp()
    {
        // Stride 64 of a side of 96 makes 2 points, not 1.
        var model = Procedural.ProceduralModel.All.Single(model => model.Name == "nanodet_custom_xml_dataset");
        var config = model.ReadConfig();
        using var session = new CpuModel(ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "dynamic").Onnx);

        var (shape, values) = session.Run(ProceduralValues.Input(96, 160), 1, 3, 96, 160);

        Assert.Equal([1, (20 * 12) + (10 * 6) + (5 * 3) + (3 * 2), 112], shape);
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Export_NonSquareInput_PutsHeightBeforeWidth()
    {
        var exported = ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", "[96, 32]")), "tiny");

        Assert.Equal("data: float [batch, 3, 32, 96]", Describe(Assert.Single(Parse(exported).Graph.Input)));
        Assert.Equal((96, 32), (exported.InputWidth, exported.InputHeight));
        Assert.Equal(("96", "32"), (Metadata(exported)["nanodet.inputWidth"], Metadata(exported)["nanodet.inputHeight"]));
        using var model = new CpuModel(exported.Onnx);
        Assert.Equal([1, (12 * 4) + (6 * 2), 19], model.Run(ProceduralValues.Input(32, 96), 1, 3, 32, 96).Shape);
        Assert.Throws<Microsoft.ML.OnnxRuntime.OnnxRuntimeException>(() => model.Run(ProceduralValues.Input(96, 32), 1, 3, 96, 32));
    }

    [Fact]
    public void Run_MovedImage_MovesThePointsRowByRow()
    {
        // One bright patch: the points that it changes lie where row-major order says, y outer and x inner.
        using var model = new CpuModel(ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", "[128, 64]")), "tiny").Onnx);
        var dark = model.Run(new float[3 * 64 * 128], 1, 3, 64, 128).Values;

        var right = Strongest(model, dark, patchX: 104, patchY: 8);
        var below = Strongest(model, dark, patchX: 8, patchY: 40);

        Assert.InRange(right % 16, 11, 15);
        Assert.InRange(right / 16, 0, 3);
        Assert.InRange(below % 16, 0, 4);
        Assert.InRange(below / 16, 4, 7);
    }

    [Fact]
    public void Run_Scores_AreProbabilitiesAndDistancesAreLogits()
    {
        using var model = new CpuModel(Export().Onnx);

        var values = model.Run(ProceduralValues.Symmetric("scores", 3 * 64 * 64).Select(value => value * 40).ToArray(), 1, 3, 64, 64).Values;

        Assert.All(values.Chunk(19), point => Assert.All(point[..3], score => Assert.InRange(score, 0, 1)));
        Assert.Contains(values.Chunk(19), point => point[3..].Any(value => value is < 0 or > 1));
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

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 + (1e-5 * Math.Abs(expected[i])), $"[{i}]: {expected[i]} was expected, {actual[i]} was found");
        }
    }

    /// <summary>The point of the first level that changes most when a patch of 16 x 16 pixels is lit.</summary>
    private static int Strongest(CpuModel model, float[] dark, int patchX, int patchY)
    {
        var input = new float[3 * 64 * 128];
        for (var y = patchY; y < patchY + 16; y++)
        {
            input.AsSpan((y * 128) + patchX, 16).Fill(8f);
        }

        var lit = model.Run(input, 1, 3, 64, 128).Values;
        return Enumerable.Range(0, 16 * 8).MaxBy(point => Enumerable.Range(point * 19, 19).Sum(i => Math.Abs(lit[i] - dark[i])));
    }
}
