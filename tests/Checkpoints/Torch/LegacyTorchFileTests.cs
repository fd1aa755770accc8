using System.Buffers.Binary;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Damaged and hostile files of the format from before PyTorch 1.6, made from a genuine one or opcode by opcode.</summary>
public class LegacyTorchFileTests
{
    private static readonly byte[] Genuine = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "legacy.pth"));
    private static readonly byte[] Magic = Genuine[..15];

    [Fact]
    public void ReadRoot_CutAnywhere_IsRefused()
    {
        for (var part = 1; part < 64; part++)
        {
            var cut = Genuine[..(Genuine.Length * part / 64)];
            var refusal = Assert.Throws<CheckpointException>(() => StateDictReader.Read(cut));
            Assert.Contains(refusal.Code, (string[])[CheckpointErrorCode.Truncated, CheckpointErrorCode.NotACheckpoint, CheckpointErrorCode.Malformed]);
        }
    }

    [Fact]
    public void ReadRoot_CodeInAnyPickle_IsRefused()
    {
        byte[] evil = new PickleBuilder().Global("posix", "system").Op("(").Text("true").Op("tR.").ToArray();
        byte[] plain = new PickleBuilder().Integer(1001).Op(".").ToArray();
        for (var place = 0; place < 4; place++)
        {
            var pickles = Enumerable.Range(0, 4).SelectMany(index => index == place ? evil : plain);
            Refusal.Expect(CheckpointErrorCode.UnsafePickle, () => LegacyTorchFile.ReadRoot([.. Magic, .. pickles]), "posix.system");
        }
    }

    [Fact]
    public void ReadRoot_BigEndian_IsRefused() => Refusal.Expect(
        CheckpointErrorCode.UnsupportedForm,
        () => LegacyTorchFile.ReadRoot([.. Magic, .. Number(1001), .. new PickleBuilder().Op("}").Text("little_endian").Raw(0x89).Op("s.").ToArray()]),
        "big-endian");

    [Theory]
    [InlineData(3, "has 3 elements in the file and 2 for its tensors")]
    [InlineData(long.MinValue, "elements in the file")]
    public void ReadRoot_StorageOfAnotherLength_IsRefused(long elements, string words) =>
        Refusal.Expect(CheckpointErrorCode.Malformed, () => LegacyTorchFile.ReadRoot(OneTensor(["0"], elements)), words);

    [Fact]
    public void ReadRoot_StorageNotListed_IsRefused() =>
        Refusal.Expect(CheckpointErrorCode.Malformed, () => LegacyTorchFile.ReadRoot(OneTensor([], 2)), "the storage '0', which the file does not hold");

    [Fact]
    public void ReadRoot_StorageListedTwice_IsRefused() =>
        Refusal.Expect(CheckpointErrorCode.Malformed, () => LegacyTorchFile.ReadRoot([.. OneTensor(["0", "0"], 2), .. Storage(2)]), "twice");

    [Fact]
    public void ReadRoot_UnknownStorageListed_IsRefused() =>
        Refusal.Expect(CheckpointErrorCode.Malformed, () => LegacyTorchFile.ReadRoot(OneTensor(["1"], 2)), "which no tensor refers to");

    [Fact]
    public void ReadRoot_HugeStorage_IsRefusedWithoutAllocating() => Refusal.ExpectWithin(
        1 << 20,
        CheckpointErrorCode.Malformed,
        () => LegacyTorchFile.ReadRoot([.. Magic, .. Number(1001), .. Number(0), .. PickleBuilder.Root("DoubleStorage", 100_000_000, 0, [2], [1])]),
        "should hold 100000000 x Float64");

    [Fact]
    public void ReadRoot_SoundFile_GivesItsValues()
    {
        var tensor = Assert.IsType<TorchTensor>(LegacyTorchFile.ReadRoot(OneTensor(["0"], 2)));
        Assert.Equal([1f, -2f], tensor.ToFloat32());
    }

    private static byte[] OneTensor(string[] keys, long elements)
    {
        var list = new PickleBuilder().Op("](");
        foreach (var key in keys)
        {
            list.Text(key);
        }

        return
        [
            .. Magic, .. Number(1001), .. Number(0), .. PickleBuilder.Root("FloatStorage", 2, 0, [2], [1]), .. list.Op("e.").ToArray(), .. Storage(elements),
        ];
    }

    private static byte[] Storage(long elements)
    {
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, elements);
        return [.. length, .. Little.Endian(1, -2)];
    }

    private static byte[] Number(int value) => new PickleBuilder().Integer(value).Op(".").ToArray();
}
