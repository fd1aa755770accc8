using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Pickles that end too early, contradict themselves, or would exhaust or confuse a reader.</summary>
public class DamagedPickleTests
{
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
        PickleRefusal.Expect(CheckpointErrorCode.Truncated, new PickleBuilder().Op(opcodes).ToArray(), "ends inside an opcode");

    [Theory]
    [InlineData(".", "does not describe tensors")]
    [InlineData("u.", "nests less than nothing")]
    [InlineData("s.", "does not describe tensors")]
    [InlineData("a.", "does not describe tensors")]
    [InlineData("R.", "does not describe tensors")]
    [InlineData("NR.", "does not describe tensors")]
    [InlineData("(N(NNu.", "does not describe tensors")]
    [InlineData("]N(NNu.", "does not describe tensors")]
    [InlineData("}Nb.", "does not describe tensors")]
    [InlineData(")}b.", "does not describe tensors")]
    [InlineData("h\u0007.", "does not describe tensors")]
    [InlineData("NQ.", "does not describe tensors")]
    [InlineData(")Q.", "does not describe tensors")]
    public void Export_PickleThatContradictsItself_IsRefused(string opcodes, string word) =>
        PickleRefusal.Expect(CheckpointErrorCode.Malformed, new PickleBuilder().Op(opcodes).ToArray(), word);

    [Theory]
    [InlineData("_rebuild_tensor_v2")]
    [InlineData("_rebuild_parameter")]
    public void Export_RebuildWithoutItsArguments_IsRefused(string name) => PickleRefusal.Expect(
        CheckpointErrorCode.Malformed, new PickleBuilder().Global("torch._utils", name).Op(")R.").ToArray(), "does not describe tensors");

    [Theory]
    [InlineData("(]NatR.", "something else than pairs")]
    [InlineData("(](NtatR.", "something else than pairs")]
    [InlineData("(NtR.", "something else than a list")]
    [InlineData("(]]tR.", "something else than a list")]
    public void Export_OrderedDictOfOddItems_IsRefused(string opcodes, string word) => PickleRefusal.Expect(
        CheckpointErrorCode.Malformed, new PickleBuilder().Global("collections", "OrderedDict").Op(opcodes).ToArray(), word);

    [Theory]
    [InlineData("}NNs.")]
    [InlineData("ccollections\nOrderedDict\n(](NNtatR.")]
    public void Inspect_KeyThatIsNone_IsAnEntryAsInPython(string opcodes) => PickleRefusal.Expect(
        CheckpointErrorCode.NoStateDict, new PickleBuilder().Op(opcodes).ToArray(), "no dictionary 'state_dict'");

    [Fact]
    public void Export_NestedMarks_AreRefused() =>
        PickleRefusal.Expect(CheckpointErrorCode.Malformed, new PickleBuilder().Op(new string('(', 65)).Op(".").ToArray(), "nests deeper than 64 at byte 66", "torch.save({'state_dict': model.state_dict()}");

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

        Refusal.ExpectWithin(64 << 20, CheckpointErrorCode.NoStateDict, () => CheckpointInspector.Inspect(ArchiveBuilder.Torch(pickle)), "a dictionary with the key 'state_dict' was expected");
    }

    [Fact]
    public void Export_TooManyOpcodes_AreRefused() => PickleRefusal.Expect(
        CheckpointErrorCode.TooLarge, new PickleBuilder().Op(new string('N', 1_000_001)).Op(".").ToArray(), "more than 1000000 opcodes", "torch.save({'state_dict': model.state_dict()}");

    [Fact]
    public void Export_TooLongPickle_IsRefusedUnread()
    {
        var file = ArchiveBuilder.Torch(new byte[(16 << 20) + 1]);

        Refusal.ExpectWithin(1 << 20, CheckpointErrorCode.TooLarge, () => CheckpointInspector.Inspect(file), "'data.pkl' announces 16777217 bytes", "torch.save({'state_dict': model.state_dict()}");
    }

    [Fact]
    public void Inspect_ListThatContainsItself_IsRefused() => Refusal.ExpectWithin(
        1 << 20, CheckpointErrorCode.NoStateDict, () => CheckpointInspector.Inspect(ArchiveBuilder.Torch(new PickleBuilder().Op("]q\0h\0a.").ToArray())), "a list of 1");

    [Fact]
    public void Inspect_StateDictThatContainsItself_IsRefused() => Refusal.ExpectWithin(
        1 << 20,
        CheckpointErrorCode.NoStateDict,
        () => CheckpointInspector.Inspect(ArchiveBuilder.Torch(new PickleBuilder().Op("}q\0").Text("state_dict").Op("h\0s.").ToArray())),
        "no tensor in state_dict (1 entries)");

    [Fact]
    public void Inspect_OrderedDictThatContainsItself_IsRefused() => Refusal.ExpectWithin(
        1 << 20,
        CheckpointErrorCode.NoStateDict,
        () => CheckpointInspector.Inspect(ArchiveBuilder.Torch(new PickleBuilder().OrderedDict().Op("q\0").Text("state_dict").Op("h\0s.").ToArray())),
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

        PickleRefusal.Expect(CheckpointErrorCode.Malformed, pickle.Op("s.").ToArray(), "the key 'k' twice");
    }

    [Fact]
    public void Export_StateDictTwice_IsRefused()
    {
        var pickle = new PickleBuilder().Op("}(").Text("state_dict").OrderedDict().Text("state_dict").OrderedDict().Op("u.").ToArray();

        PickleRefusal.Expect(CheckpointErrorCode.Malformed, pickle, "the key 'state_dict' twice");
    }

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

        var root = Assert.IsType<PickledDictionary>(archive.ReadRoot());

        Assert.Equal(10, root.Count);
        Assert.Equal((7, 513, 1.0, 1L << 40, true, null), (root["epoch"], root["step"], root["lr"], root["big"], root["flag"], root["none"]));
        Assert.Equal(new List<object?> { 1, 2 }, root["list"]);
        Assert.Equal(new object[] { 1, 2 }, root["tuple"]);
        Assert.Equal("ab"u8.ToArray(), root["bytes"]);
        Assert.Equal(1, Assert.IsType<PickledDictionary>(root["inner"]).Count);
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
}
