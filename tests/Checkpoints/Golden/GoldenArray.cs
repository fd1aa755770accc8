using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Checkpoints.Tests.Golden;

/// <summary>A float32 array of a <c>.npy</c> file (NumPy format 1.0), in row-major order whatever order it was stored in.</summary>
internal sealed partial record GoldenArray(long[] Shape, float[] Values)
{
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    public static GoldenArray Read(string path)
    {
        var file = File.ReadAllBytes(path);
        Assert.Equal(Magic, file[..8]);
        var headerLength = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        var header = Encoding.Latin1.GetString(file, 10, headerLength);
        Assert.Contains("'<f4'", header, StringComparison.Ordinal);
        var shape = ShapePattern().Match(header).Groups[1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(long.Parse).ToArray();
        var stored = new float[shape.Aggregate(1L, (product, dimension) => product * dimension)];
        Assert.Equal(10 + headerLength + (stored.LongLength * sizeof(float)), file.LongLength);
        for (var i = 0; i < stored.Length; i++)
        {
            stored[i] = BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(10 + headerLength + (i * sizeof(float))));
        }

        return new GoldenArray(shape, header.Contains("'fortran_order': True", StringComparison.Ordinal) ? ToRowMajor(stored, shape) : stored);
    }

    /// <summary>From first index fastest to last index fastest.</summary>
    internal static float[] ToRowMajor(float[] stored, long[] shape)
    {
        var values = new float[stored.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var rest = (long)i;
            var position = 0L;
            for (var d = shape.Length - 1; d >= 0; d--)
            {
                var index = rest % shape[d];
                rest /= shape[d];
                position += index * shape.Take(d).Aggregate(1L, (product, dimension) => product * dimension);
            }

            values[i] = stored[position];
        }

        return values;
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
