using System.Security.Cryptography;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

/// <summary>What a model says of itself.</summary>
public class ModelMetadataTests
{
    private static readonly byte[] Config = TinyModel.Config();
    private static readonly byte[] KeepRatioConfig = TinyModel.Config(("keep_ratio: false", "keep_ratio: true"), ("[64, 64]", "[96, 64]"));
    private static readonly byte[] Checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config));
    private static readonly byte[] PlusCheckpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig()));

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

    private static ExportedModel Export() => ModelExporter.Export(Checkpoint, Config, "tiny");

    private static ModelProto Parse(ExportedModel model) => ModelProto.Parser.ParseFrom(model.Onnx);

    private static IReadOnlyDictionary<string, string> Metadata(ExportedModel model) => OnnxMetadata.Read(model.Onnx);
}
