using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.StateDicts;

/// <summary>Tensors in other floating-point types. BFloat16 is cut, not rounded: any value of that type serves here.</summary>
internal static class Conversion
{
    public static TorchTensorData To(TorchDType type, TorchTensorData tensor)
    {
        var values = MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var value in values)
        {
            switch (type)
            {
                case TorchDType.Float64:
                    writer.Write((double)value);
                    break;
                case TorchDType.Float16:
                    writer.Write((Half)value);
                    break;
                case TorchDType.BFloat16:
                    writer.Write((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(type), type, null);
            }
        }

        return tensor with { Type = type, Bytes = stream.ToArray() };
    }

    /// <summary>The values in single precision.</summary>
    public static float[] Values(TorchTensorData tensor)
    {
        var size = tensor.Type.ByteSize();
        var values = new float[tensor.Bytes.Length / size];
        for (var i = 0; i < values.Length; i++)
        {
            var element = tensor.Bytes.Span.Slice(i * size, size);
            values[i] = tensor.Type switch
            {
                TorchDType.Float64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
                TorchDType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                TorchDType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                _ => throw new ArgumentOutOfRangeException(nameof(tensor)),
            };
        }

        return values;
    }
}
