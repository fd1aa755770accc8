using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Nanodet.Serverless.TestKit;

/// <summary>A float32 array of NumPy's .npy format, versions 1 and 2, little endian; the values are in C order, whatever the file's.</summary>
public sealed partial class NpyArray
{
    private NpyArray(int[] shape, float[] values)
    {
        Shape = shape;
        Values = values;
    }

    public IReadOnlyList<int> Shape { get; }

    public float[] Values { get; }

    public static NpyArray Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        if (!bytes[1..].StartsWith("NUMPY"u8))
        {
            throw new InvalidDataException($"{path}: expected an .npy file.");
        }

        var long32 = bytes[6] >= 2;
        var start = long32 ? 12 : 10;
        var length = long32 ? (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        var header = Encoding.Latin1.GetString(bytes.Slice(start, length));
        if (!header.Contains("'<f4'", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: expected little-endian float32, found {header}.");
        }

        var shape = ShapePattern().Match(header).Groups[1].Value
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(side => int.Parse(side, CultureInfo.InvariantCulture))
            .ToArray();
        var data = bytes[(start + length)..];
        var values = new float[shape.Aggregate(1, (product, side) => product * side)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(data[(i * sizeof(float))..]);
        }

        return new NpyArray(
            shape,
            header.Contains("'fortran_order': True", StringComparison.Ordinal) ? FromFortranOrder(shape, values) : values);
    }

    private static float[] FromFortranOrder(int[] shape, float[] values)
    {
        var ordered = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (rest, index) = (i, 0);
            foreach (var side in shape)
            {
                index = (index * side) + (rest % side);
                rest /= side;
            }

            ordered[index] = values[i];
        }

        return ordered;
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
