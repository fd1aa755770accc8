using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Hostile;

/// <summary>One complete tiny detector in every form of file that is read.</summary>
internal static class TinyCheckpoints
{
    private static readonly List<TorchTensorData> Tensors = CheckpointFile.Tensors(TinyModel.PlusConfig());

    public static byte[] Config { get; } = TinyModel.PlusConfig();

    /// <summary>The zip format since PyTorch 1.6.</summary>
    public static byte[] Zip { get; } = CheckpointFile.Write(Tensors);

    /// <summary>The format from before.</summary>
    public static byte[] Legacy { get; } = PickledCheckpoint.Write(legacy: true, Tensors);

    public static byte[] Safetensors { get; } = MakeSafetensors();

    private static byte[] MakeSafetensors()
    {
        var offset = 0;
        var entries = new Dictionary<string, object>();
        foreach (var tensor in Tensors)
        {
            entries[tensor.Name] = new { dtype = "F32", shape = tensor.Shape, data_offsets = (int[])[offset, offset + tensor.Bytes.Length] };
            offset += tensor.Bytes.Length;
        }

        var header = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entries));
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. Tensors.SelectMany(tensor => tensor.Bytes.ToArray())];
    }
}
