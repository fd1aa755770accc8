using System.Collections;
using Nanodet.Serverless.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Pickles that would do something when Python loads them, and pickles that would exhaust or confuse a reader.</summary>
public sealed class UnsafePickleTests : IDisposable
{
    private readonly string _target = Path.Combine(Path.GetTempPath(), $"nanodet-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_target);

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("nt", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "exec")]
    [InlineData("__builtin__", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("builtins", "bytearray")]
    [InlineData("importlib", "import_module")]
    [InlineData("torch", "load")]
    [InlineData("torch", "FloatStorage.from_file")]
    [InlineData("torch.serialization", "load")]
    [InlineData("torch._utils", "_rebuild_tensor_v2.__globals__")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    [InlineData("collections", "ordereddict")]
    [InlineData("collections ", "OrderedDict")]
    [InlineData("System.Diagnostics", "Process")]
    public void Export_ForeignGlobal_IsRefusedAndNothingRuns(string module, string name)
    {
        var command = $"touch '{_target}'";
        byte[][] pickles =
        [
            // GLOBAL, called by REDUCE; then STACK_GLOBAL with short and long texts; then by way of the memo; then NEWOBJ.
            new PickleBuilder().Global(module, name).Op("(").Text(command).Op("tR.").ToArray(),
            new PickleBuilder(4).Short(module).Short(name).Raw(0x93).Op("(").Short(command).Op("tR.").ToArray(),
            new PickleBuilder(4).Text(module).Text(name).Raw(0x93).Op("(").Text(command).Op("tR.").ToArray(),
            new PickleBuilder(4).Text(module).Raw(0x94).Text(name).Raw(0x94).Op("00").Op("h\0h\u0001").Raw(0x93).Op("(").Text(command).Op("tR.").ToArray(),
            new PickleBuilder().Global(module, name).Op("(").Text(command).Op("t").Raw(0x81).Op(".").ToArray(),

            // Deep inside an otherwise sound state dict.
            PickleBuilder.StateDict(pickle => pickle.Text("backbone.x").Global(module, name).Op("(").Text(command).Op("tR")),
        ];

        Assert.All(pickles, pickle => RefuseEverywhere(CheckpointErrorCode.UnsafePickle, pickle, $"'{module}.{name}'", "nothing was called"));

        Assert.False(File.Exists(_target));
    }

    [Fact]
    public void Export_StackGlobalOfComputedName_IsRefused()
    {
        byte[][] pickles =
        [
            new PickleBuilder(4).Op(")").Text("system").Raw(0x93).Op(".").ToArray(),
            new PickleBuilder(4).Text("os").Op("N").Raw(0x93).Op(".").ToArray(),
            new PickleBuilder(4).Text("collections").Text("OrderedDict").Op("N0").Raw(0x93).Op(".").ToArray(),
            new PickleBuilder(4).Raw(0x93).Op(".").ToArray(),
        ];

        Assert.All(pickles, pickle => RefuseEverywhere(CheckpointErrorCode.UnsafePickle, pickle, "computes the name of a global", "nothing was called"));
    }

    [Theory]
    [InlineData("i", "0x69")] // INST
    [InlineData("o", "0x6f")] // OBJ
    [InlineData("P", "0x50")] // PERSID
    [InlineData("S", "0x53")] // STRING
    [InlineData("V", "0x56")] // UNICODE
    [InlineData("I", "0x49")] // INT
    [InlineData("g", "0x67")] // GET
    [InlineData("p", "0x70")] // PUT
    [InlineData("2", "0x32")] // DUP
    [InlineData("\u0082", "0x82")] // EXT1
    [InlineData("\u0083", "0x83")] // EXT2
    [InlineData("\u0084", "0x84")] // EXT4
    [InlineData("\u0092", "0x92")] // NEWOBJ_EX
    [InlineData("\u0096", "0x96")] // BYTEARRAY8
    [InlineData("\u0097", "0x97")] // NEXT_BUFFER
    [InlineData("\u0098", "0x98")] // READONLY_BUFFER
    [InlineData("\0", "0x00")]
    [InlineData("\u00ff", "0xff")]
    public void Export_OpcodeThatNoTensorNeeds_IsRefused(string opcode, string word)
    {
        var pickle = new PickleBuilder().Op("(").Op(opcode).Op($"os\nsystem\ntouch '{_target}'\n.").ToArray();

        RefuseEverywhere(CheckpointErrorCode.UnsafePickle, pickle, $"opcode {word} at byte 3", "was not run");

        Assert.False(File.Exists(_target));
    }

    [Fact]
    public void Export_StorageClassCalled_IsRefused() => RefuseEverywhere(
        CheckpointErrorCode.Malformed,
        new PickleBuilder().Global("torch", "FloatStorage").Op("(").Integer(1 << 30).Op("tR.").ToArray(),
        "a storage class was called");

    [Theory]
    [InlineData("")]
    [InlineData("(")]
    [InlineData("}X\u0005\0\0\0abc")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ffabc")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    [InlineData("B\u00ff\u00ff\u00ff\u007f")]
    [InlineData("\u008e\u0000\u0000\u0000\u0080\u0000\u0000\u0000\u0000")]
    [InlineData("J\0")]
    [InlineData("ccollections")]
    [InlineData("ccollections\nOrderedDict")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f")]
    public void Export_PickleThatEndsInsideAnOpcode_IsRefused(string opcodes) =>
        RefuseEverywhere(CheckpointErrorCode.Truncated, new PickleBuilder().Op(opcodes).ToArray(), "ends inside an opcode");

    [Theory]
    [InlineData(".", "does not describe tensors")]
    [InlineData("u.", "nests less than nothing")]
    [InlineData("s.", "does not describe tensors")]
    [InlineData("a.", "does not describe tensors")]
    [InlineData("R.", "does not describe tensors")]
    [InlineData("NR.", "does not describe tensors")]
    [InlineData("}NNs.", "does not describe tensors")]
    [InlineData("(N(NNu.", "does not describe tensors")]
    [InlineData("]N(NNu.", "does not describe tensors")]
    [InlineData("}Nb.", "does not describe tensors")]
    [InlineData(")}b.", "does not describe tensors")]
    [InlineData("h\u0007.", "does not describe tensors")]
    [InlineData("NQ.", "does not describe tensors")]
    [InlineData(")Q.", "does not describe tensors")]
    public void Export_PickleThatContradictsItself_IsRefused(string opcodes, string word) =>
        RefuseEverywhere(CheckpointErrorCode.Malformed, new PickleBuilder().Op(opcodes).ToArray(), word);

    [Theory]
    [InlineData("_rebuild_tensor_v2")]
    [InlineData("_rebuild_parameter")]
    public void Export_RebuildWithoutItsArguments_IsRefused(string name) => RefuseEverywhere(
        CheckpointErrorCode.Malformed, new PickleBuilder().Global("torch._utils", name).Op(")R.").ToArray(), "does not describe tensors");

    [Theory]
    [InlineData("(]NatR.", "something else than pairs")]
    [InlineData("(](NtatR.", "something else than pairs")]
    [InlineData("(](NNtatR.", "does not describe tensors")]
    [InlineData("(NtR.", "something else than a list")]
    [InlineData("(]]tR.", "something else than a list")]
    public void Export_OrderedDictOfOddItems_IsRefused(string opcodes, string word) => RefuseEverywhere(
        CheckpointErrorCode.Malformed, new PickleBuilder().Global("collections", "OrderedDict").Op(opcodes).ToArray(), word);

    [Fact]
    public void Export_NestedMarks_AreRefused() =>
        RefuseEverywhere(CheckpointErrorCode.Malformed, new PickleBuilder().Op(new string('(', 65)).Op(".").ToArray(), "nests deeper than 64 at byte 66");

    [Theory]
    [InlineData("]", "a")]
    [InlineData(")", "\u0085")]
    public void Export_NestedContainersWithoutMarks_EndInARefusal(string open, string close)
    {
        const int Depth = 200_000;
        var opcodes = open == "]"
            ? string.Concat(Enumerable.Repeat(open, Depth)) + string.Concat(Enumerable.Repeat(close, Depth - 1))
            : open + string.Concat(Enumerable.Repeat(close, Depth));

        var pickle = new PickleBuilder().Op(opcodes).Op(".").ToArray();

        Refusal.ExpectWithin(64 << 20, CheckpointErrorCode.NoStateDict, () => Inspect(pickle), "a dictionary with the key 'state_dict' was expected");
    }

    [Fact]
    public void Export_TooManyOpcodes_AreRefused() => RefuseEverywhere(
        CheckpointErrorCode.TooLarge, new PickleBuilder().Op(new string('N', 1_000_001)).Op(".").ToArray(), "more than 1000000 opcodes");

    [Fact]
    public void Export_TooLongPickle_IsRefusedUnread()
    {
        var file = ArchiveBuilder.Torch(new byte[(16 << 20) + 1]);

        Refusal.ExpectWithin(1 << 20, CheckpointErrorCode.TooLarge, () => CheckpointInspector.Inspect(file), "'data.pkl' announces 16777217 bytes");
    }

    [Fact]
    public void Inspect_ListThatContainsItself_IsRefused() => Refusal.ExpectWithin(
        1 << 20, CheckpointErrorCode.NoStateDict, () => Inspect(new PickleBuilder().Op("]q\0h\0a.").ToArray()), "a list of 1");

    [Fact]
    public void Inspect_StateDictThatContainsItself_IsRefused() => Refusal.ExpectWithin(
        1 << 20,
        CheckpointErrorCode.NoStateDict,
        () => Inspect(new PickleBuilder().Op("}q\0").Text("state_dict").Op("h\0s.").ToArray()),
        "no tensor in state_dict (1 entries)");

    [Fact]
    public void Inspect_OrderedDictThatContainsItself_IsRefused() => Refusal.ExpectWithin(
        1 << 20,
        CheckpointErrorCode.NoStateDict,
        () => Inspect(new PickleBuilder().OrderedDict().Op("q\0").Text("state_dict").Op("h\0s.").ToArray()),
        "no tensor in state_dict (1 entries)");

    [Theory]
    [InlineData("OrderedDict", "SETITEMS")]
    [InlineData("OrderedDict", "SETITEM")]
    [InlineData("OrderedDict", "pairs")]
    [InlineData("dict", "SETITEMS")]
    [InlineData("dict", "SETITEM")]
    public void Export_KeyTwice_IsRefused(string kind, string way)
    {
        var pickle = new PickleBuilder().Op("}").Text("state_dict");
        _ = (kind, way) switch
        {
            ("OrderedDict", "pairs") => pickle.Global("collections", "OrderedDict").Op("(](").Op("(").Text("k").Op("Nt(").Text("k").Op("Nte").Op("tR"),
            ("OrderedDict", _) => pickle.OrderedDict(),
            _ => pickle.Op("}"),
        };
        _ = way switch
        {
            "SETITEMS" => pickle.Op("(").Text("k").Op("N").Text("k").Op("Nu"),
            "SETITEM" => pickle.Text("k").Op("Ns").Text("k").Op("Ns"),
            _ => pickle,
        };

        RefuseEverywhere(CheckpointErrorCode.Malformed, pickle.Op("s.").ToArray(), "the key 'k' twice");
    }

    [Fact]
    public void Export_StateDictTwice_IsRefused()
    {
        var pickle = new PickleBuilder().Op("}(").Text("state_dict").OrderedDict().Text("state_dict").OrderedDict().Op("u.").ToArray();

        RefuseEverywhere(CheckpointErrorCode.Malformed, pickle, "the key 'state_dict' twice");
    }

    [Fact]
    public void Export_DictOfOldProtocol_IsRefused() =>
        RefuseEverywhere(CheckpointErrorCode.UnsafePickle, new PickleBuilder().Op("(d.").ToArray(), "opcode 0x64 at byte 3");

    [Fact]
    public void ReadRoot_ManyPlainValues_AreRead()
    {
        // What a trainer keeps beside the weights: numbers of every width, flags, nothing, bytes, nested lists and dictionaries.
        var pickle = new PickleBuilder()
            .Op("}(").Text("epoch").Op("K\u0007").Text("step").Op("M\u0001\u0002").Text("lr").Op("G?\u00f0\0\0\0\0\0\0").Text("big").Integer(1L << 40)
            .Text("flag").Raw(0x88).Text("none").Op("N").Text("list").Op("](K\u0001K\u0002e").Text("tuple").Op("K\u0001K\u0002").Raw(0x86)
            .Text("bytes").Op("C\u0002ab").Text("inner").Op("}K\u0005K\u0006s").Op("u.")
            .ToArray();
        using var archive = TorchArchive.Open(ArchiveBuilder.Torch(pickle));

        var root = Assert.IsType<Hashtable>(archive.ReadRoot(), exactMatch: false);

        Assert.Equal(10, root.Count);
        Assert.Equal((7, 513, 1.0, 1L << 40, true, null), (root["epoch"], root["step"], root["lr"], root["big"], root["flag"], root["none"]));
        Assert.Equal(new ArrayList { 1, 2 }, root["list"]);
        Assert.Equal(new object[] { 1, 2 }, root["tuple"]);
        Assert.Equal("ab"u8.ToArray(), root["bytes"]);
        Assert.Equal(6, Assert.IsType<Hashtable>(root["inner"], exactMatch: false)[5]);
    }

    [Fact]
    public void Inspect_AnyByteOfThePickleChanged_IsReadOrRefused()
    {
        var records = ArchiveBuilder.Unzip(CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig())[..6]));
        var sound = records[0].Content;
        var refused = 0;
        for (var position = 0; position < sound.Length; position++)
        {
            foreach (var mask in (byte[])[0x01, 0x04, 0x20, 0x80, 0xff])
            {
                var changed = sound.ToArray();
                changed[position] ^= mask;
                var file = ArchiveBuilder.Zip([("archive/data.pkl", changed), .. records[1..]]);
                try
                {
                    CheckpointInspector.Inspect(file, TinyModel.PlusConfig());
                }
                catch (CheckpointException)
                {
                    refused++;
                }
            }
        }

        // Changes inside a tensor's name leave a sound pickle; most others do not.
        Assert.InRange(refused, sound.Length, (sound.Length * 5) - 1);
    }

    [Fact]
    public void Inspect_AnyByteOfTheArchiveChanged_IsReadOrRefused()
    {
        var sound = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig())[..6]);
        var refused = 0;
        for (var position = 0; position < sound.Length; position++)
        {
            foreach (var mask in (byte[])[0x01, 0x80, 0xff])
            {
                var changed = sound.ToArray();
                changed[position] ^= mask;
                try
                {
                    CheckpointInspector.Inspect(changed, TinyModel.PlusConfig());
                }
                catch (CheckpointException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, sound.Length / 2, (sound.Length * 3) - 1);
    }

    private static void RefuseEverywhere(string code, byte[] pickle, params string[] words)
    {
        Refusal.ExpectWithin((32L << 20) + (pickle.Length * 8L), code, () => Inspect(pickle), words);
        var file = ArchiveBuilder.Torch(pickle, Little.Endian(1f));
        Refusal.Expect(code, () => ModelExporter.Export(file, TinyModel.Config(), "tiny"), words);
    }

    private static void Inspect(byte[] pickle) => CheckpointInspector.Inspect(ArchiveBuilder.Torch(pickle, Little.Endian(1f)));
}
