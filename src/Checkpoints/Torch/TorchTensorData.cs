using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Nanodet.Checkpoints.Torch;

/// <summary>A tensor to be written into a checkpoint.</summary>
/// <param name="Name">Its key in the state dict.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Bytes">Its elements in row-major order, little endian.</param>
public sealed record TorchTensorData(string Name, IReadOnlyList<int> Shape, TorchDType Type, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A tensor of single-precision floats.</summary>
    /// <param name="name">Its key in the state dict.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">Its elements in row-major order, as many as the shape has.</param>
    public static TorchTensorData Float32(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
        }
        else
        {
            for (var i = 0; i < values.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
            }
        }

        return new TorchTensorData(name, shape, TorchDType.Float32, bytes);
    }

    /// <summary>A scalar of 64 bits, such as the step counter of a batch normalisation.</summary>
    /// <param name="name">Its key in the state dict.</param>
    /// <param name="value">Its value.</param>
    public static TorchTensorData Int64(string name, long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return new TorchTensorData(name, [], TorchDType.Int64, bytes);
    }
}
