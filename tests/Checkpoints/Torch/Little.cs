using System.Buffers.Binary;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Little-endian bytes of numbers, as storages hold them.</summary>
internal static class Little
{
    public static byte[] Endian(params ReadOnlySpan<float> values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return bytes;
    }
}
