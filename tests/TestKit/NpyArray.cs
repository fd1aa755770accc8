using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Nanodet.Serverless.TestKit;

/// <summary>A float32 array of NumPy's .npy format, versions 1 and 2, little endian, in C order.</summary>
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
        if (!header.Contains("'<f4'", StringComparison.Ordinal) || header.Contains("'fortran_order': True", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: expected little-endian float32 in C order, found {header}.");
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

        return new NpyArray(shape, values);
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
