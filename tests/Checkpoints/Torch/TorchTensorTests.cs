using System.Buffers.Binary;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

public class TorchTensorTests
{
    private static readonly float[] Ramp = [.. Enumerable.Range(0, 24).Select(i => i + 0.5f)];

    public static TheoryData<string, string, float[]> Types => new()
    {
        { "FloatStorage", "0000c03f 000020c1 0000807f", [1.5f, -10f, float.PositiveInfinity] },
        { "HalfStorage", "003e 00c9 0100", [1.5f, -10f, 5.9604645e-8f] },
        { "BFloat16Storage", "c03f 20c1 80ff", [1.5f, -10f, float.NegativeInfinity] },
        { "DoubleStorage", "000000000000f83f 00000000000024c0 9a9999999999b93f", [1.5f, -10f, 0.1f] },
        { "LongStorage", "0200000000000000 f6ffffffffffffff 0100000100000000", [2f, -10f, 16777216f] },
        { "IntStorage", "02000000 f6ffffff ffffff7f", [2f, -10f, 2147483648f] },
        { "ShortStorage", "0200 f6ff 0080", [2f, -10f, -32768f] },
        { "CharStorage", "02 f6 80", [2f, -10f, -128f] },
        { "ByteStorage", "02 f6 80", [2f, 246f, 128f] },
        { "BoolStorage", "01 00 01", [1f, 0f, 1f] },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void ToFloat32_EveryType_GivesItsValues(string storageClass, string hex, float[] expected)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        var tensor = Read(PickleBuilder.Root(storageClass, 3, 0, [3], [1]), bytes);

        Assert.Equal(expected, tensor.ToFloat32());
        Assert.Equal(TorchDTypes.StorageClasses[storageClass], tensor.Type);
    }

    [Fact]
    public void StorageClasses_EveryType_IsCovered() => Assert.Equal(
        Enum.GetValues<TorchDType>().Order(), Types.Select(row => TorchDTypes.StorageClasses[row.Data.Item1]).Order());

    [Fact]
    public void ToFloat32_Transposed_GivesRowMajorOrder() =>
        Assert.Equal([0.5f, 3.5f, 1.5f, 4.5f, 2.5f, 5.5f], View(0, [3, 2], [1, 3]).ToFloat32());

    [Fact]
    public void ToFloat32_ChannelsLast_GivesRowMajorOrder()
    {
        // Element (n, c, h, w) lies at n * 12 + h * 6 + w * 3 + c.
        var values = View(0, [2, 3, 2, 2], [12, 1, 6, 3]).ToFloat32();

        var expected = from n in Enumerable.Range(0, 2)
                       from c in Enumerable.Range(0, 3)
                       from h in Enumerable.Range(0, 2)
                       from w in Enumerable.Range(0, 2)
                       select Ramp[(n * 12) + (h * 6) + (w * 3) + c];
        Assert.Equal(expected, values);
    }

    [Fact]
    public void ToFloat32_StrideZero_RepeatsItsValue() =>
        Assert.Equal([2.5f, 2.5f, 2.5f, 3.5f, 3.5f, 3.5f], View(2, [2, 3], [1, 0]).ToFloat32());

    [Fact]
    public void ToFloat32_Offset_StartsThere() => Assert.Equal([21.5f, 22.5f, 23.5f], View(21, [3], [1]).ToFloat32());

    [Fact]
    public void ToFloat32_Scalar_IsOneValueWithoutDimensions()
    {
        var tensor = View(7, [], []);

        Assert.Equal([7.5f], tensor.ToFloat32());
        Assert.Empty(tensor.Shape);
        Assert.Equal(1, tensor.Elements);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(0)]
    public void ToFloat32_EmptyTensor_HasNoValues(int offset)
    {
        var tensor = View(offset, [3, 0, 2], [2, 2, 1]);

        Assert.Empty(tensor.ToFloat32());
        Assert.Equal([3, 0, 2], tensor.Shape);
    }

    [Fact]
    public void ToFloat32_TwoTensorsOfOneStorage_SeeTheirPart()
    {
        var pickle = new PickleBuilder()
            .Op("(").Tensor("FloatStorage", "0", 24, 1, [2], [1]).Tensor("FloatStorage", "0", 24, 20, [2], [2]).Op("t.")
            .ToArray();
        using var archive = TorchArchive.Open(ArchiveBuilder.Torch(pickle, Little.Endian(Ramp)));

        var tensors = Assert.IsType<object[]>(archive.ReadRoot()).Cast<TorchTensor>().ToArray();

        Assert.Equal([1.5f, 2.5f], tensors[0].ToFloat32());
        Assert.Equal([20.5f, 22.5f], tensors[1].ToFloat32());
    }

    [Fact]
    public void ToFloat32_LongerRecordThanStorage_IsRead() =>
        Assert.Equal([0.5f], Read(PickleBuilder.Root("FloatStorage", 1, 0, [1], [1]), Little.Endian(Ramp)).ToFloat32());

    [Theory]
    [InlineData(0, new long[] { 25 }, new long[] { 1 })]
    [InlineData(24, new long[] { 1 }, new long[] { 1 })]
    [InlineData(1, new long[] { 2, 3 }, new long[] { 20, 2 })]
    [InlineData(0, new long[] { 2 }, new long[] { 134_217_728 })]
    [InlineData(24, new long[0], new long[0])]
    [InlineData(long.MaxValue, new long[] { 1 }, new long[] { 1 })]
    [InlineData(long.MaxValue, new long[] { 2 }, new long[] { 1 })]
    [InlineData(long.MaxValue - 3, new long[] { 2, 3 }, new long[] { 2, 1 })]
    public void Read_ViewBeyondItsStorage_IsRefused(long offset, long[] shape, long[] strides) =>
        RefuseRoot(CheckpointErrorCode.Malformed, PickleBuilder.Root("FloatStorage", 24, offset, shape, strides), "does not fit its storage '0'", "24 elements");

    [Theory]
    [InlineData(0, new long[] { 2 }, new long[] { -1 }, "strides [-1]")]
    [InlineData(1, new long[] { 2 }, new long[] { -1 }, "strides [-1]")]
    [InlineData(0, new long[] { -2 }, new long[] { 1 }, "shape [-2]")]
    [InlineData(-1, new long[] { 1 }, new long[] { 1 }, "offset -1")]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 1 }, "equally many")]
    [InlineData(0, new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, "at most 8")]
    [InlineData(0, new long[] { long.MaxValue }, new long[] { 0 }, "9223372036854775807")]
    [InlineData(0, new long[] { 1 }, new long[] { long.MaxValue }, "9223372036854775807")]
    public void Read_ImpossibleView_IsRefused(long offset, long[] shape, long[] strides, string word) =>
        RefuseRoot(CheckpointErrorCode.Malformed, PickleBuilder.Root("FloatStorage", 24, offset, shape, strides), "does not fit its storage '0'", word);

    [Theory]
    [InlineData(new long[] { 134_217_728, 2 })]
    [InlineData(new long[] { 16_384, 16_384 })]
    [InlineData(new long[] { 134_217_728, 134_217_728, 134_217_728 })]
    public void Read_HugeShapeOverOneElement_IsRefusedBeforeAnyAllocation(long[] shape)
    {
        var file = ArchiveBuilder.Torch(PickleBuilder.Root("FloatStorage", 1, 0, shape, new long[shape.Length]), Little.Endian(1f));

        Refusal.ExpectWithin(1 << 20, CheckpointErrorCode.TooLarge, () => Root(file), "134217728 elements");
    }

    [Fact]
    public void Read_NoneInShape_IsRefused()
    {
        var pickle = new PickleBuilder().Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage("FloatStorage", "0", 24)
            .Integer(0).Op("(Nt").Tuple(1).Raw(0x89).OrderedDict().Op("tR.").ToArray();

        RefuseRoot(CheckpointErrorCode.Malformed, pickle, "None where an integer belongs");
    }

    [Fact]
    public void Read_StorageAsTwoTypes_IsRefused()
    {
        var pickle = new PickleBuilder()
            .Op("(").Tensor("FloatStorage", "0", 24, 0, [1], [1]).Tensor("IntStorage", "0", 24, 0, [1], [1]).Op("t.")
            .ToArray();

        RefuseRoot(CheckpointErrorCode.Malformed, pickle, "storage '0' is 24 x Float32 for one tensor and 24 x Int32 for another");
    }

    [Theory]
    [InlineData(25L)]
    [InlineData(-1L)]
    [InlineData(4_611_686_018_427_387_904L)]
    public void Read_StorageBeyondItsRecord_IsRefused(long elements) =>
        RefuseRoot(CheckpointErrorCode.Malformed, PickleBuilder.Root("FloatStorage", elements, 0, [1], [1]), $"should hold {elements} x Float32", "96 bytes");

    [Fact]
    public void Read_UnknownStorage_IsRefused()
    {
        var pickle = new PickleBuilder().Tensor("FloatStorage", "../version", 1, 0, [1], [1]).Op(".").ToArray();

        RefuseRoot(CheckpointErrorCode.Malformed, pickle, "'../version'", "does not hold");
    }

    [Fact]
    public void Float32_Values_AreLittleEndian() => Assert.Equal(
        [1.5f, -2f],
        Enumerable.Range(0, 2).Select(i => BinaryPrimitives.ReadSingleLittleEndian(TorchTensorData.Float32("x", [2], [1.5f, -2f]).Bytes.Span[(i * 4)..])));

    private static TorchTensor View(long offset, long[] shape, long[] strides) =>
        Read(PickleBuilder.Root("FloatStorage", Ramp.Length, offset, shape, strides), Little.Endian(Ramp));

    private static TorchTensor Read(byte[] pickle, params byte[][] storages) =>
        Assert.IsType<TorchTensor>(Root(ArchiveBuilder.Torch(pickle, storages)));

    private static object? Root(byte[] file)
    {
        // Left open: a tensor reads its storage when it is asked for its values.
        var archive = TorchArchive.Open(file);
        return archive.ReadRoot();
    }

    private static void RefuseRoot(string code, byte[] pickle, params string[] words)
    {
        var file = ArchiveBuilder.Torch(pickle, Little.Endian(Ramp));
        Refusal.ExpectWithin(1 << 20, code, () => Root(file), words);
    }
}
