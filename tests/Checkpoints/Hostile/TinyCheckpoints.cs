using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Hostile;

/// <summary>One complete tiny detector in every form of file that is read.</summary>
internal static class TinyCheckpoints
{
    private static readonly byte[] LegacyMagic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];
    private static readonly List<TorchTensorData> Tensors = CheckpointFile.Tensors(TinyModel.PlusConfig());

    public static byte[] Config { get; } = TinyModel.PlusConfig();

    /// <summary>The zip format since PyTorch 1.6.</summary>
    public static byte[] Zip { get; } = CheckpointFile.Write(Tensors);

    /// <summary>The format from before.</summary>
    public static byte[] Legacy { get; } = MakeLegacy();

    public static byte[] Safetensors { get; } = MakeSafetensors();

    private static byte[] MakeLegacy()
    {
        var root = PickleBuilder.StateDict(pickle =>
        {
            for (var i = 0; i < Tensors.Count; i++)
            {
                var shape = Tensors[i].Shape.Select(side => (long)side).ToArray();
                var strides = new long[shape.Length];
                var elements = 1L;
                for (var d = shape.Length - 1; d >= 0; d--)
                {
                    (strides[d], elements) = (elements, elements * shape[d]);
                }

                pickle.Text(Tensors[i].Name).Tensor("FloatStorage", Key(i), elements, 0, shape, strides);
            }
        });
        var keys = new PickleBuilder().Op("](");
        using var file = new MemoryStream();
        file.Write([.. LegacyMagic, .. Number(1001), .. Number(0), .. root]);
        for (var i = 0; i < Tensors.Count; i++)
        {
            keys.Text(Key(i));
        }

        file.Write(keys.Op("e.").ToArray());
        var length = new byte[sizeof(long)];
        foreach (var tensor in Tensors)
        {
            BinaryPrimitives.WriteInt64LittleEndian(length, tensor.Bytes.Length / sizeof(float));
            file.Write(length);
            file.Write(tensor.Bytes.Span);
        }

        return file.ToArray();
    }

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

    private static byte[] Number(int value) => new PickleBuilder().Integer(value).Op(".").ToArray();

    private static string Key(int index) => index.ToString(CultureInfo.InvariantCulture);
}
