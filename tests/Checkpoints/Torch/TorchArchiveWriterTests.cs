using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

public class TorchArchiveWriterTests
{
    public static TheoryData<TorchDType, string, float[]> Types => new()
    {
        { TorchDType.Float32, "0000c03f000020c1", [1.5f, -10f] },
        { TorchDType.Float16, "003e00c9", [1.5f, -10f] },
        { TorchDType.BFloat16, "c03f20c1", [1.5f, -10f] },
        { TorchDType.Float64, "000000000000f83f00000000000024c0", [1.5f, -10f] },
        { TorchDType.Int64, "0200000000000000f6ffffffffffffff", [2f, -10f] },
        { TorchDType.Int32, "02000000f6ffffff", [2f, -10f] },
        { TorchDType.Int16, "0200f6ff", [2f, -10f] },
        { TorchDType.Int8, "02f6", [2f, -10f] },
        { TorchDType.UInt8, "02f6", [2f, 246f] },
        { TorchDType.Bool, "0100", [1f, 0f] },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_EveryType_IsReadBack(TorchDType type, string hex, float[] expected)
    {
        var tensor = new TorchTensorData("backbone.x", [2], type, Convert.FromHexString(hex));

        var read = ReadBack(tensor)["backbone.x"];

        Assert.Equal(type, read.Type);
        Assert.Equal(expected, read.ToFloat32());
    }

    [Fact]
    public void Write_EveryRank_IsReadBackInRowMajorOrder()
    {
        float[] values = [.. Enumerable.Range(0, 24)];

        var read = ReadBack(
            TorchTensorData.Float32("scalar", [], [7f]),
            TorchTensorData.Float32("cube", [2, 3, 4], values),
            TorchTensorData.Float32("empty", [2, 0, 3], []),
            TorchTensorData.Int64("counter", 1L << 20));

        Assert.Equal(["counter", "cube", "empty", "scalar"], read.Keys.Order());
        Assert.Equal((0, 7f), (read["scalar"].Shape.Count, Assert.Single(read["scalar"].ToFloat32())));
        Assert.Equal([2, 3, 4], read["cube"].Shape);
        Assert.Equal(values, read["cube"].ToFloat32());
        Assert.Equal([2, 0, 3], read["empty"].Shape);
        Assert.Equal((TorchDType.Int64, 1048576f), (read["counter"].Type, Assert.Single(read["counter"].ToFloat32())));
    }

    [Fact]
    public void Write_Twice_GivesTheSameBytes() => Assert.Equal(
        Write("archive", CheckpointFile.Procedural("a.weight", 3, 4)), Write("archive", CheckpointFile.Procedural("a.weight", 3, 4)));

    [Fact]
    public void Write_ArchiveName_IsTheFolderInside()
    {
        using var archive = TorchArchive.Open(Write("best model", CheckpointFile.Procedural("a", 1)));

        Assert.Equal("best model", archive.Prefix);
    }

    [Fact]
    public void Write_NoTensor_IsAnEmptyStateDict() => Assert.Empty(ReadBack());

    [Fact]
    public void Write_BytesThatDoNotFitTheShape_AreRefused()
    {
        var exception = Assert.Throws<ArgumentException>(() => Write("archive", new TorchTensorData("a", [3], TorchDType.Float32, new byte[8])));

        Assert.Contains("'a' needs 12 bytes for its shape and has 8", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NameTwice_IsRefused()
    {
        var exception = Assert.Throws<ArgumentException>(() => Write("archive", CheckpointFile.Procedural("a", 1), CheckpointFile.Procedural("a", 2)));

        Assert.Contains("'a' comes twice", exception.Message, StringComparison.Ordinal);
    }

    private static byte[] Write(string archiveName, params TorchTensorData[] tensors)
    {
        using var stream = new MemoryStream();
        TorchArchiveWriter.Write(stream, tensors, archiveName);
        return stream.ToArray();
    }

    private static Dictionary<string, TorchTensor> ReadBack(params TorchTensorData[] tensors)
    {
        // Left open: a tensor reads its storage when it is asked for its values.
        var archive = TorchArchive.Open(Write("archive", tensors));
        var root = Assert.IsType<PickledDictionary>(archive.ReadRoot());
        return Assert.IsType<PickledDictionary>(root["state_dict"]).Values
            .ToDictionary(entry => entry.Key, entry => Assert.IsType<TorchTensor>(entry.Value));
    }
}
