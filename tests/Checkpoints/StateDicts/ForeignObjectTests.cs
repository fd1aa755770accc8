using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.StateDicts;

/// <summary>What stands beside the weights and nobody reads does not matter; what stands in their place does.</summary>
public class ForeignObjectTests
{
    private static readonly byte[] Config = TinyModel.PlusConfig();
    private static readonly List<TorchTensorData> Tensors = CheckpointFile.Tensors(Config);
    private static readonly byte[] Control = OnnxOf(CheckpointFile.Write(Tensors));

    /// <summary>Objects as Python's pickler writes them; protocol 2 but where the name says another.</summary>
    private static readonly Dictionary<string, Action<PickleBuilder>> Objects = new()
    {
        ["Counter"] = pickle => pickle.Global("collections", "Counter").Op("}(").Integer(3).Integer(1).Op("u\u0085R"),
        ["defaultdict"] = pickle => pickle.Global("collections", "defaultdict").Global("__builtin__", "list").Op("\u0085R(").Text("a").Op("]u"),
        ["deque"] = pickle => pickle.Global("collections", "deque").Op(")").Integer(9).Op("\u0086R(").Integer(1).Op("e"),
        ["set"] = pickle => pickle.Global("__builtin__", "set").Op("](").Integer(1).Integer(2).Op("e\u0085R"),
        ["frozenset"] = pickle => pickle.Global("__builtin__", "frozenset").Op("](").Integer(1).Op("e\u0085R"),
        ["set of protocol 4"] = pickle => pickle.Op("\u008f(").Integer(1).Op("\u0090"),
        ["frozenset of protocol 4"] = pickle => pickle.Op("(").Integer(1).Op("\u0091"),
        ["bytes"] = pickle => pickle.Global("_codecs", "encode").Text("a\u00ff").Text("latin1").Op("\u0086R"),
        ["bytearray"] = pickle => pickle.Global("__builtin__", "bytearray").Text("ab").Text("latin-1").Op("\u0086R"),
        ["bytearray of protocol 5"] = pickle => pickle.Raw(0x96, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2),
        ["torch.Size"] = pickle => pickle.Global("torch", "Size").Tuple(2, 3).Op("\u0085R"),
        ["dtype"] = pickle => pickle.Global("torch", "float16"),
        ["device"] = pickle => pickle.Global("torch", "device").Text("cuda").Integer(0).Op("\u0086R"),
        ["memory format"] = pickle => pickle.Global("torch.serialization", "_get_layout").Text("torch.strided").Op("\u0085R"),
        ["datetime"] = pickle => pickle.Global("datetime", "datetime").Global("_codecs", "encode").Text("\u0007").Text("latin1").Op("\u0086R\u0085R"),
        ["timedelta"] = pickle => pickle.Global("datetime", "timedelta").Tuple(1, 2, 3).Op("R"),
        ["path"] = pickle => pickle.Global("pathlib", "PosixPath").Op("(").Text("/").Text("data").Op("tR"),
        ["path of Python 3.13"] = pickle => pickle.Global("pathlib._local", "WindowsPath").Op("(").Text("C:").Op("tR"),
        ["numpy scalar"] = pickle => NumpyScalar(pickle, "numpy.core.multiarray"),
        ["numpy scalar of numpy 2"] = pickle => NumpyScalar(pickle, "numpy._core.multiarray"),
        ["numpy array"] = pickle => NumpyArray(pickle, "numpy.core.multiarray"),
        ["numpy array of numpy 2"] = pickle => NumpyArray(pickle, "numpy._core.multiarray"),
        ["Namespace"] = pickle => pickle.Global("argparse", "Namespace").Op(")\u0081}(").Text("lr").Op("G?\u00f0\0\0\0\0\0\0ub"),
        ["CfgNode"] = pickle => pickle.Global("nanodet.util.yacs", "CfgNode").Op(")\u0081(").Text("a").Integer(1).Op("u}").Text("__immutable__").Op("\u0088sb"),
        ["OmegaConf"] = pickle => pickle.Global("omegaconf.dictconfig", "DictConfig").Op(")\u0081}(").Text("_metadata")
            .Global("omegaconf.base", "ContainerMetadata").Op(")\u0081}").Text("ref_type").Global("typing", "Any").Op("sb").Text("_parent").Op("Nub"),
        ["enum member"] = pickle => pickle.Global("app.kinds", "Kind").Integer(1).Op("\u0085R"),
        ["nested class"] = pickle => pickle.Global("__builtin__", "getattr").Global("app", "Outer").Text("Inner").Op("\u0086R"),
        ["partial"] = pickle => pickle.Global("functools", "partial").Global("app", "f").Op("\u0085R(").Global("app", "f").Op(")}Ntb"),
        ["optimizer"] = pickle => pickle.Global("torch.optim.sgd", "SGD").Op(")\u0081}(").Text("defaults").Op("}").Text("state").Global("collections", "defaultdict")
            .Global("__builtin__", "dict").Op("\u0085R").Text("param_groups").Op("]}(").Text("lr").Op("K\u0001uaub"),
        ["OneCycleLR state"] = pickle => pickle.Op("}(").Text("anneal_func").Global("__builtin__", "getattr")
            .Global("torch.optim.lr_scheduler", "OneCycleLR").Text("_annealing_cos").Op("\u0086Ru"),
        ["class as value"] = pickle => pickle.Global("app", "Callback"),
        ["class as key"] = pickle => pickle.Op("}").Global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint").Op("}").Text("best").Op("Nss"),
        ["None as key"] = pickle => pickle.Op("}NNs"),
        ["number and tuple as keys"] = pickle => pickle.Op("}(").Integer(1).Op("N").Integer(1).Op("N").Tuple(1, 2).Op("Nu"),
        ["object of protocol 4 with named arguments"] = pickle => pickle.Global("app", "C").Op(")}\u0092"),
        ["object of protocol 1"] = pickle => pickle.Global("copy_reg", "_reconstructor").Op("(").Global("app", "C").Global("__builtin__", "object").Op("NtR}b"),
        ["list of a class of its own"] = pickle => pickle.Global("app", "L").Op(")\u0081").Integer(1).Op("a(").Integer(2).Op("e"),
        ["OrderedDict with attributes"] = pickle => pickle.OrderedDict().Op("}").Text("_metadata").Op("Nsb"),
        ["object within itself"] = pickle => pickle.Global("app", "C").Op(")\u0081q\u0063}").Text("self").Op("h\u0063sb"),
        ["result of a method"] = pickle => pickle.Global("app", "f").Op(")R)R)\u0081"),
        ["number beyond 64 bits"] = pickle => pickle.Raw(0x8a, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
        ["long of protocol 2"] = pickle => pickle.Raw(0x8b, 2, 0, 0, 0, 0xff, 0x7f),
        ["value of the operating system"] = pickle => pickle.Global("os", "stat_result").Op(")R"),
    };

    public static TheoryData<string, bool> Cases => new(
        from name in Objects.Keys from legacy in (bool[])[false, true] select (name, legacy));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Export_ObjectBesideTheWeights_GivesTheSameModel(string name, bool legacy)
    {
        var alone = PickledCheckpoint.Write(legacy, Tensors, pickle => Objects[name](pickle.Text("extra")));
        var deep = PickledCheckpoint.Write(legacy, Tensors, pickle =>
        {
            Objects[name](pickle.Text("a").Op("}").Text("b").Op("]("));
            pickle.Op("es");
        });

        Assert.Equal(Control, OnnxOf(alone));
        Assert.Equal(Control, OnnxOf(deep));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Export_ObjectAmongTheWeightsThatInferenceDoesNotRead_GivesTheSameModel(string name, bool legacy) => Assert.Equal(
        Control,
        OnnxOf(PickledCheckpoint.Write(legacy, Tensors, within: pickle =>
        {
            Objects[name](pickle.Text("loss.weight"));
            Objects[name](pickle.Text("head._extra_state"));
        })));

    [Theory]
    [InlineData("path", "pathlib.PosixPath")]
    [InlineData("numpy array", "numpy.core.multiarray._reconstruct")]
    [InlineData("Namespace", "argparse.Namespace")]
    [InlineData("object of protocol 1", "app.C")]
    [InlineData("class as value", "app.Callback")]
    public void Export_ObjectInPlaceOfATensor_IsRefusedByName(string name, string found)
    {
        var last = Tensors[^1].Name;
        var file = PickledCheckpoint.Write(false, Tensors[..^1], within: pickle => Objects[name](pickle.Text(last)));

        Refusal.Expect(
            CheckpointErrorCode.UnsafePickle,
            () => ModelExporter.Export(file, Config, "tiny"),
            $"'{last}' is no tensor",
            $"'{found}'",
            "nothing was called",
            "torch.save({'state_dict': model.state_dict()}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Export_TensorOfATypeThatIsNotReadBesideTheWeights_GivesTheSameModel(bool legacy)
    {
        var file = PickledCheckpoint.Write(
            legacy,
            Tensors,
            pickle => pickle.Text("fft").Tensor("ComplexFloatStorage", "fft", 2, 0, [2], [1]).Text("q").Tensor("QInt8Storage", "q", 3, 0, [3], [1]),
            null,
            ("fft", 2, new byte[16]),
            ("q", 3, new byte[3]));

        Assert.Equal(Control, OnnxOf(file));
    }

    [Fact]
    public void Export_LegacyFileWithAStorageOfUnknownSize_NamesIt() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => ModelExporter.Export(
            PickledCheckpoint.Write(true, Tensors, pickle => pickle.Text("x").Tensor("OddStorage", "x", 2, 0, [2], [1]), null, ("x", 2, new byte[4])), Config, "tiny"),
        "torch.OddStorage");

    [Fact]
    public void Export_WeightsInADefaultdict_GivesTheSameModel()
    {
        var records = ArchiveBuilder.Unzip(PickledCheckpoint.Write(false, Tensors));
        var pickle = Replace(records[0].Content, "}(X\n\0\0\0state_dictccollections\nOrderedDict\n)R", "}(X\n\0\0\0state_dictccollections\ndefaultdict\n)R");

        Assert.Equal(Control, OnnxOf(ArchiveBuilder.Zip([(records[0].Name, pickle), .. records[1..]])));
    }

    [Theory]
    [InlineData("capp\nRoot\n)\u0081(X\n\0\0\0state_dict", "ccollections\nOrderedDict\n)R(")]
    [InlineData("}(X\n\0\0\0state_dict", "capp\nWeights\n)\u0081(")]
    public void Export_DictionaryOfAClassOfItsOwn_IsTheDictionaryThatItIs(string root, string weights)
    {
        var records = ArchiveBuilder.Unzip(PickledCheckpoint.Write(false, Tensors));
        var pickle = Replace(records[0].Content, "}(X\n\0\0\0state_dictccollections\nOrderedDict\n)R(", root + weights);

        Assert.Equal(Control, OnnxOf(ArchiveBuilder.Zip([(records[0].Name, pickle), .. records[1..]])));
    }

    [Fact]
    public void Export_DictionaryOfAClassOfItsOwnWithAKeyTwice_IsRefused() => Refusal.Expect(
        CheckpointErrorCode.UnsafePickle,
        () => ModelExporter.Export(
            ArchiveBuilder.Torch(new PickleBuilder().Global("app", "Root").Op(")\u0081").Text("state_dict").OrderedDict().Op("s").Text("state_dict").Op("}s.").ToArray()),
            Config,
            "tiny"),
        "'app.Root'");

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Export_LegacyFileOfAnyProtocol_GivesTheSameModel(byte protocol)
    {
        var file = PickledCheckpoint.Write(true, Tensors);
        byte[] frame = protocol < 4 ? [] : [0x95, 13, 0, 0, 0, 0, 0, 0, 0];

        Assert.Equal(Control, OnnxOf([0x80, protocol, .. frame, .. file[2..]]));
    }

    [Fact]
    public void Export_TensorWithAClassOfItsOwn_IsATensor()
    {
        var last = Tensors[^1];
        var file = PickledCheckpoint.Write(
            false,
            Tensors[..^1],
            null,
            pickle => pickle.Text(last.Name).Global("torch._tensor", "_rebuild_from_type_v2").Op("(").Global("torch._utils", "_rebuild_tensor_v2")
                .Global("app", "Weight").Op("(").Storage("FloatStorage", "own", last.Shape[0]).Integer(0).Tuple(last.Shape[0]).Tuple(1).Op("\u0089Nt}tR"),
            ("own", last.Shape[0], last.Bytes.ToArray()));

        Assert.Single(last.Shape);
        Assert.Equal(Control, OnnxOf(file));
    }

    [Fact]
    public void Objects_NoneOfThem_IsKnown()
    {
        // Were a name known after all, its case would show nothing about foreign ones.
        var root = new PickleBuilder().Op("(");
        Objects["Namespace"](root);
        Objects["numpy array"](root);
        Objects["partial"](root);
        using var archive = TorchArchive.Open(ArchiveBuilder.Torch(root.Op("t.").ToArray()));

        Assert.Equal(
            ["argparse.Namespace", "numpy.core.multiarray._reconstruct", "app.f"],
            Assert.IsType<object?[]>(archive.ReadRoot()).Select(value => Assert.IsType<Placeholder>(value).Name));
    }

    private static void NumpyScalar(PickleBuilder pickle, string module)
    {
        pickle.Global(module, "scalar");
        NumpyType(pickle);
        pickle.Global("_codecs", "encode").Text("\0\0\0\0\0\0\u00f0?").Text("latin1").Op("\u0086R\u0086R");
    }

    private static void NumpyArray(PickleBuilder pickle, string module)
    {
        pickle.Global(module, "_reconstruct").Global("numpy", "ndarray").Tuple(0).Op("c_codecs\nencode\n").Text("b").Text("latin1").Op("\u0086R\u0087R(");
        pickle.Integer(1).Tuple(1);
        NumpyType(pickle);
        pickle.Op("\u0089").Global("_codecs", "encode").Text("\0\0\0\0\0\0\u00f0?").Text("latin1").Op("\u0086Rtb");
    }

    private static void NumpyType(PickleBuilder pickle) =>
        pickle.Global("numpy", "dtype").Text("f8").Op("\u0089\u0088\u0087R(").Integer(3).Text("<").Op("NNN").Integer(-1).Integer(-1).Integer(0).Op("tb");

    private static byte[] Replace(byte[] bytes, string old, string @new)
    {
        var at = bytes.AsSpan().IndexOf(System.Text.Encoding.Latin1.GetBytes(old));
        Assert.True(at >= 0);
        return [.. bytes[..at], .. System.Text.Encoding.Latin1.GetBytes(@new), .. bytes[(at + old.Length)..]];
    }

    /// <summary>The model without the one entry that differs by file.</summary>
    private static byte[] OnnxOf(byte[] checkpoint) =>
        OnnxMetadata.With(ModelExporter.Export(checkpoint, Config, "tiny").Onnx, "nanodet.checkpointSha256", "");
}
