using System.Text;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Checkpoints.Tests.Hostile;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.StateDicts;

/// <summary>Models that were saved in another form than as weights: each is named, with the line of Python that saves the weights.</summary>
public class SavedFormTests
{
    private const string Save = "torch.save({'state_dict': ";

    [Theory]
    [InlineData("nanodet.model.arch.nanodet_plus", "NanoDetPlus")]
    [InlineData("__main__", "Net")]
    public void Read_WholeModule_IsNamed(string module, string name)
    {
        var root = Module(new PickleBuilder(), module, name).Op(".").ToArray();

        Refusal.Expect(
            CheckpointErrorCode.UnsupportedForm,
            () => StateDictReader.Read(ArchiveBuilder.Torch(root)),
            $"'{module}.{name}'",
            "a whole module was saved",
            "nothing was called",
            Save + "torch.load('FILE', map_location='cpu', weights_only=False).state_dict()}, 'weights.pth')");
    }

    [Theory]
    [InlineData("model")]
    [InlineData("net")]
    public void Read_WholeModuleUnderAKey_IsNamed(string key)
    {
        var root = Module(new PickleBuilder().Op("}(").Text("epoch").Integer(3).Text(key), "app", "Net").Op("u.").ToArray();

        Refusal.Expect(
            CheckpointErrorCode.UnsupportedForm, () => StateDictReader.Read(ArchiveBuilder.Torch(root)), $"its key '{key}'", "'app.Net'", $"['{key}'].state_dict()");
    }

    [Fact]
    public void Read_WholeModuleFromBeforePyTorch16_IsNamed()
    {
        // There the class of a module is a persistent id with the module's source.
        var root = new PickleBuilder().Op("(").Text("module").Global("app", "Net").Text("net.py").Text("class Net: ...").Op("tQ)\u0081}(")
            .Text("_parameters").Op("}").Text("_modules").Op("}ub.").ToArray();
        byte[] number = new PickleBuilder().Integer(1).Op(".").ToArray();

        Refusal.Expect(
            CheckpointErrorCode.UnsupportedForm,
            () => StateDictReader.Read([.. TinyCheckpoints.Legacy[..15], .. number, .. number, .. root, .. new PickleBuilder().Op("].").ToArray()]),
            "'app.Net'",
            "a whole module was saved");
    }

    [Fact]
    public void Read_ObjectInPlaceOfTheStateDict_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.UnsafePickle,
        () => StateDictReader.Read(ArchiveBuilder.Torch(new PickleBuilder().Op("}").Text("state_dict").Global("app", "State").Op(")Rs.").ToArray())),
        "key 'state_dict'",
        "'app.State'",
        Save);

    [Fact]
    public void Read_WeightsUnderAnotherKey_SaysHowToSaveThem()
    {
        var root = new PickleBuilder().Op("}").Text("model").OrderedDict().Text("backbone.a").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op("ss.").ToArray();

        Refusal.Expect(
            CheckpointErrorCode.NoStateDict,
            () => StateDictReader.Read(ArchiveBuilder.Torch(root, Little.Endian(1f))),
            "its keys are: model.",
            Save + "torch.load('FILE', map_location='cpu', weights_only=False)['model']}, 'weights.pth')");
    }

    [Fact]
    public void Read_TorchScript_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => StateDictReader.Read(ArchiveBuilder.Zip(
            ("m/data.pkl", new PickleBuilder().Global("__torch__.app", "Net").Op(")\u0081}b.").ToArray()), ("m/constants.pkl", [0x80, 2, .. ")."u8]), ("m/code/__torch__/app.py", []))),
        "TorchScript",
        "torch.jit.load('FILE', map_location='cpu').state_dict()");

    [Fact]
    public void Read_ObjectOfTorchScript_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => StateDictReader.Read(ArchiveBuilder.Torch(new PickleBuilder().Global("__torch__", "Net").Op(")\u0081}b.").ToArray())),
        "TorchScript",
        "'__torch__.Net'");

    [Theory]
    [InlineData("head.gfl_cls.0._packed_params._packed_params")]
    [InlineData("backbone.conv1.0.zero_point")]
    [InlineData("backbone.conv1.0.weight_fake_quant.scale")]
    public void Read_QuantisedStateDict_IsNamed(string name) => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => StateDictReader.Read(ArchiveBuilder.Torch(PickleBuilder.StateDict(pickle => pickle.Text(name).Global("torch", "qint8")))),
        "quantised",
        $"'{name}'",
        Save);

    [Fact]
    public void Read_QuantisedTensor_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => StateDictReader.Read(ArchiveBuilder.Torch(PickleBuilder.StateDict(
            pickle => pickle.Text("backbone.a").Global("torch._utils", "_rebuild_qtensor").Op("(").Storage("QInt8Storage", "0", 4).Integer(0).Tuple(4).Tuple(1).Op("tR")))),
        "quantised",
        "'backbone.a'");

    [Fact]
    public void Read_ShardedTensor_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => StateDictReader.Read(ArchiveBuilder.Torch(PickleBuilder.StateDict(
            pickle => pickle.Text("backbone.a").Global("torch.distributed._shard.sharded_tensor.api", "ShardedTensor").Op(")\u0081}b")))),
        "sharded",
        "'backbone.a'");

    [Fact]
    public void Read_IndexOfShards_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => StateDictReader.Read("""{"metadata": {"total_size": 8}, "weight_map": {"backbone.a": "model-00001-of-00002.safetensors"}}"""u8.ToArray()),
        "sharded",
        "weight_map");

    [Theory]
    [InlineData("\u0008\u0007\u0012\u0007pytorch", "an ONNX model already")]
    [InlineData("\u0008\u0001\u0012\u0007abcdefg", "a saved model of TensorFlow")]
    [InlineData("\u001c\0\0\0TFL3\0\0", "a model of TensorFlow Lite")]
    [InlineData("\u0089HDF\r\n\u001a\n", "an HDF5 file")]
    [InlineData("\u001f\u008b\u0008\0", "gzip")]
    [InlineData("7767517\n3 3\n", "an ncnn model")]
    [InlineData("model:\n  arch:\n    name: NanoDetPlus\n", "are config and checkpoint swapped?")]
    [InlineData("\u0080\u0004\u0095", "a pickle, but none of torch.save")]
    public void Read_OtherFile_IsNamed(string bytes, string what)
    {
        Refusal.Expect(CheckpointErrorCode.NotACheckpoint, () => StateDictReader.Read(Encoding.Latin1.GetBytes(bytes)), what, Save);
        Refusal.Expect(CheckpointErrorCode.NotACheckpoint, () => ModelExporter.Export(Encoding.Latin1.GetBytes(bytes), TinyModel.Config(), "tiny"), what);
    }

    [Fact]
    public void Read_ExportedModel_IsNamed() => Refusal.Expect(
        CheckpointErrorCode.NotACheckpoint,
        () => StateDictReader.Read(ModelExporter.Export(TinyCheckpoints.Zip, TinyCheckpoints.Config, "tiny").Onnx),
        "an ONNX model already");

    [Theory]
    [InlineData("runs/best.ckpt", "It has runs/best.ckpt inside: unpack it first.")]
    [InlineData("weight.npy", "arrays of NumPy")]
    [InlineData("m/models/model.json", "0 records NAME/data.pkl")]
    [InlineData("archive_format", "torch.export")]
    public void Read_OtherArchive_IsNamed(string record, string what) => Refusal.Expect(
        CheckpointErrorCode.NotACheckpoint, () => StateDictReader.Read(ArchiveBuilder.Zip((record, [1]))), what);

    private static PickleBuilder Module(PickleBuilder pickle, string module, string name) => pickle.Global(module, name).Op(")\u0081}(")
        .Text("training").Op("\u0089").Text("_parameters").OrderedDict().Text("_modules").OrderedDict().Op("ub");
}
