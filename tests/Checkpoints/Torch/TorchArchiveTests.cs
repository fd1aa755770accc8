using System.IO.Compression;
using System.Text;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

public class TorchArchiveTests
{
    private static readonly byte[] Pickle = PickleBuilder.Root("FloatStorage", 2, 0, [2], [1]);

    public static TheoryData<string, string, string> NotCheckpoints => new()
    {
        { "", CheckpointErrorCode.NotACheckpoint, "The file is empty" },
        { "PK", CheckpointErrorCode.NotACheckpoint, "50 4b 03 04, this file with 504b (2 bytes)" },
        { "just some text\n", CheckpointErrorCode.NotACheckpoint, "this file with 6a75737420736f6d (15 bytes)" },
        { "<!DOCTYPE html><html></html>", CheckpointErrorCode.NotACheckpoint, "HTML page" },
        { "<HTML><body>404</body></HTML>", CheckpointErrorCode.NotACheckpoint, "HTML page" },
        { "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", CheckpointErrorCode.NotACheckpoint, "Git LFS pointer" },
        { "\x80\x02}q\0.", CheckpointErrorCode.NotACheckpoint, "a pickle, but none of torch.save" },
        { "PK\x03\x04 and then nothing of the kind", CheckpointErrorCode.Truncated, "Was the file copied completely?" },
    };

    [Theory]
    [MemberData(nameof(NotCheckpoints))]
    public void Open_SomethingElse_IsRefusedByWhatItIs(string latin1, string code, string word)
    {
        var file = Encoding.Latin1.GetBytes(latin1);

        Refusal.ExpectWithin(1 << 16, code, () => TorchArchive.Open(file), word);
        Refusal.Expect(code, () => CheckpointInspector.Inspect(file), word);
        Refusal.Expect(code, () => ModelExporter.Export(file, TinyModel.Config(), "tiny"), word);
    }

    [Fact]
    public void Open_ZipWithoutPickle_IsRefused()
    {
        var file = ArchiveBuilder.Zip(("archive/version", "3\n"u8.ToArray()));

        Refusal.Expect(CheckpointErrorCode.NotACheckpoint, () => TorchArchive.Open(file), "0 records NAME/data.pkl");
    }

    [Fact]
    public void Open_TwoPickles_IsRefused()
    {
        var file = ArchiveBuilder.Zip(("a/data.pkl", Pickle), ("b/data.pkl", Pickle));

        Refusal.Expect(CheckpointErrorCode.NotACheckpoint, () => TorchArchive.Open(file), "2 records NAME/data.pkl");
    }

    [Fact]
    public void Open_AnyArchiveName_IsFound()
    {
        var file = ArchiveBuilder.Zip(("model best é/data.pkl", Pickle), ("model best é/data/0", Little.Endian(3f, 4f)));

        using var archive = TorchArchive.Open(file);

        Assert.Equal("model best é", archive.Prefix);
        Assert.Equal([3f, 4f], Assert.IsType<TorchTensor>(archive.ReadRoot()).ToFloat32());
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.NoCompression)]
    public void ReadRoot_RepackedArchive_IsRead(CompressionLevel level)
    {
        var file = ArchiveBuilder.Zip(level, ArchiveBuilder.Unzip(ArchiveBuilder.Torch(Pickle, Little.Endian(3f, 4f))));

        using var archive = TorchArchive.Open(file);

        Assert.Equal([3f, 4f], Assert.IsType<TorchTensor>(archive.ReadRoot()).ToFloat32());
    }

    [Theory]
    [InlineData("little")]
    [InlineData("little\n")]
    public void Open_LittleEndian_IsRead(string order)
    {
        using var archive = TorchArchive.Open(WithByteOrder(order));

        Assert.Equal([3f, 4f], Assert.IsType<TorchTensor>(archive.ReadRoot()).ToFloat32());
    }

    [Theory]
    [InlineData("big", CheckpointErrorCode.UnsupportedForm, "byteorder 'big'")]
    [InlineData("", CheckpointErrorCode.UnsupportedForm, "byteorder ''")]
    [InlineData("bi\0g\n\u001b[2J", CheckpointErrorCode.UnsupportedForm, "byteorder 'bi?g??[2J'")]
    [InlineData("little endian as on most machines", CheckpointErrorCode.TooLarge, "'byteorder' announces 33 bytes")]
    public void Open_OtherByteOrder_IsRefused(string order, string code, string word) =>
        Refusal.Expect(code, () => TorchArchive.Open(WithByteOrder(order)), word);

    [Theory]
    [InlineData("archive/data.pkl")]
    [InlineData("archive/data/0")]
    public void Open_RecordTwice_IsRefused(string name)
    {
        var records = ArchiveBuilder.Unzip(ArchiveBuilder.Torch(Pickle, Little.Endian(3f, 4f)));
        var file = ArchiveBuilder.Zip([.. records, (name, Little.Endian(5f, 6f))]);

        Refusal.Expect(CheckpointErrorCode.Malformed, () => TorchArchive.Open(file), $"'{name}' twice");
    }

    [Theory]
    [InlineData("../data.pkl")]
    [InlineData("archive/../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("archive\\data\\0")]
    [InlineData("archive/data/..")]
    public void Open_RecordOutsideOfTheArchive_IsRefused(string name)
    {
        var file = ArchiveBuilder.Zip(("archive/data.pkl", Pickle), (name, [1]));

        Refusal.Expect(CheckpointErrorCode.Malformed, () => TorchArchive.Open(file), name, "points outside");
    }

    [Fact]
    public void Open_ControlCharactersInARecordName_AreNotPassedOn()
    {
        var file = ArchiveBuilder.Zip(("archive/data.pkl", Pickle), ("../\n\u001b[2J" + new string('x', 60_000), [1]));

        Refusal.Expect(CheckpointErrorCode.Malformed, () => TorchArchive.Open(file), "../??[2Jxxx");
    }

    [Fact]
    public void Open_ZipBomb_IsRefusedBeforeItIsInflated()
    {
        var file = ArchiveBuilder.Zip(
            CompressionLevel.SmallestSize, ("archive/data.pkl", Pickle), ("archive/data/0", new byte[64 << 20]));
        Assert.InRange(file.Length, 1, 1 << 18);

        Refusal.ExpectWithin(1 << 20, CheckpointErrorCode.TooLarge, () => TorchArchive.Open(file), $"announces {64 << 20} bytes for the record 'archive/data/0'");

        var manySmallOnes = ArchiveBuilder.Zip(
            CompressionLevel.SmallestSize, [("archive/data.pkl", Pickle), .. Enumerable.Range(0, 64).Select(i => ($"archive/data/{i}", new byte[1 << 20]))]);
        Refusal.ExpectWithin(
            1 << 20, CheckpointErrorCode.TooLarge, () => TorchArchive.Open(manySmallOnes), $"announces {(64 << 20) + Pickle.Length} bytes of records");
    }

    [Fact]
    public void Open_AnnouncedSizesBeyond64Bits_AreRefused()
    {
        // Zip64 sizes in the central directory whose sum wraps around.
        var file = ArchiveBuilder.Torch(Pickle, Little.Endian(3f, 4f), Little.Endian(5f), Little.Endian(6f));
        file = Zip64Sizes.Announce(file, "archive/data/1", long.MaxValue - 10);
        file = Zip64Sizes.Announce(file, "archive/data/2", long.MaxValue - 10);

        Refusal.ExpectWithin(1 << 20, CheckpointErrorCode.TooLarge, () => TorchArchive.Open(file), "9223372036854775797");
    }

    [Fact]
    public void ReadRoot_RecordShorterThanAnnounced_IsRefused()
    {
        var file = ArchiveBuilder.Torch(PickleBuilder.Root("FloatStorage", 2, 0, [2], [1]), Little.Endian(3f));
        file = Zip64Sizes.Announce(file, "archive/data/0", 8);

        Refusal.ExpectWithin(
            1 << 20,
            CheckpointErrorCode.Truncated,
            () =>
            {
                using var archive = TorchArchive.Open(file);
                Assert.IsType<TorchTensor>(archive.ReadRoot()).ToFloat32();
            },
            "'data/0'",
            "8 bytes");
    }

    [Fact]
    public void Open_TooManyRecords_IsRefused()
    {
        var file = ArchiveBuilder.Zip(Enumerable.Range(0, 20_001).Select(i => ($"a/{i}", Array.Empty<byte>())));

        Refusal.Expect(CheckpointErrorCode.TooLarge, () => TorchArchive.Open(file), "20001 records", "at most 20000");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(30)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(-60)]
    [InlineData(-22)]
    [InlineData(-1)]
    public void Open_CutOff_IsRefused(double where)
    {
        var file = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.Config()));
        var length = where switch { < 0 => file.Length + (int)where, < 1 => (int)(file.Length * where), _ => (int)where };

        var cut = file[..length];

        Refusal.ExpectWithin(1 << 20, CheckpointErrorCode.Truncated, () => TorchArchive.Open(cut), $"({length} bytes)", "copied completely");
    }

    private static byte[] WithByteOrder(string order) => ArchiveBuilder.Zip(
        ("archive/data.pkl", Pickle), ("archive/byteorder", Encoding.ASCII.GetBytes(order)), ("archive/data/0", Little.Endian(3f, 4f)));
}
