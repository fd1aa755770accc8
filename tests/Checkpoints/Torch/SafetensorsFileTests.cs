using System.Buffers.Binary;
using System.Text;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

public class SafetensorsFileTests
{
    [Fact]
    public void Read_SoundFile_GivesABareStateDict()
    {
        var file = File(
            """{"__metadata__":{"format":"pt"},"model.backbone.a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"model.head.b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}""",
            [.. Little.Endian(1.5f, -2), 0x20, 0x40]);

        var stateDict = StateDictReader.Read(file);

        Assert.Equal(new CheckpointForm(Averaged: false, Prefix: "model.", Trainer: false, Bare: true), stateDict.Form);
        Assert.Equal(["backbone.a", "head.b"], stateDict.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1.5f, -2f], stateDict.Tensors["backbone.a"].ToFloat32());
        Assert.Equal([2L, 1L], stateDict.Tensors["backbone.a"].Shape);
        Assert.Equal([2.5f], stateDict.Tensors["head.b"].ToFloat32());
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", CheckpointErrorCode.Truncated, "lies at bytes [0, 16] of the data, which has 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", CheckpointErrorCode.Truncated, "[8, 0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", CheckpointErrorCode.Truncated, "[-8, 0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "8 bytes for 1 elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "does not fit its storage 'a'")]
    [InlineData("""{"a":{"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]}}""", CheckpointErrorCode.UnsupportedForm, "F8_E5M2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "99999999999")]
    [InlineData("""{"a":{"dtype":"F32","shape":[65536,65536],"data_offsets":[0,8]}}""", CheckpointErrorCode.TooLarge, "65536, 65536")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "-1")]
    [InlineData("""{"a":{"dtype":"F32","shape":"2","data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "does not describe tensors")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "does not describe tensors")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", CheckpointErrorCode.Malformed, "'a' twice")]
    [InlineData("""{"a":""", CheckpointErrorCode.Malformed, "does not describe tensors")]
    public void ReadRoot_DamagedHeader_IsRefused(string header, string code, string words) =>
        Refusal.ExpectWithin(1 << 20, code, () => SafetensorsFile.ReadRoot(File(header, new byte[8])), words);

    [Fact]
    public void Read_HeaderBeyondTheFile_IsRefused()
    {
        var file = File("{}", []);
        BinaryPrimitives.WriteUInt64LittleEndian(file, 1000);
        Refusal.Expect(CheckpointErrorCode.Truncated, () => StateDictReader.Read(file), "header has 1000 bytes");
    }

    [Fact]
    public void ReadRoot_NoTensors_IsEmpty() => Assert.Equal(0, Assert.IsType<PickledDictionary>(SafetensorsFile.ReadRoot(File("{}", []))).Count);

    private static byte[] File(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        return [.. length, .. json, .. data];
    }
}
