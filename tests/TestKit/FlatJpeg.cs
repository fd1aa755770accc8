namespace Nanodet.Serverless.TestKit;

/// <summary>Writes a baseline JPEG of one flat 8x8 block for kinds that encoders rarely write, such as CMYK (ITU-T T.81).</summary>
public static class FlatJpeg
{
    /// <summary>Four components as an Adobe file stores them: inverted, so that 255 means no ink.</summary>
    public static byte[] Cmyk(byte cyan, byte magenta, byte yellow, byte black)
    {
        ReadOnlySpan<byte> samples = [cyan, magenta, yellow, black];
        List<byte> file = [0xFF, 0xD8];
        Segment(file, 0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]);
        Segment(file, 0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]);
        Segment(file, 0xC0, [8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);

        // DC: categories 0 to 11 with codes of 4 bits. AC: only "end of block", one bit 0.
        Segment(file, 0xC4, [0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        Segment(file, 0xC4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00]);
        Segment(file, 0xDA, [4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
        file.AddRange(Scan(samples));
        file.AddRange([0xFF, 0xD9]);
        return [.. file];
    }

    private static void Segment(List<byte> file, byte marker, byte[] payload)
    {
        var length = payload.Length + 2;
        file.AddRange([0xFF, marker, (byte)(length >> 8), (byte)length]);
        file.AddRange(payload);
    }

    private static List<byte> Scan(ReadOnlySpan<byte> samples)
    {
        var bits = new List<bool>();
        foreach (var sample in samples)
        {
            var coefficient = (sample - 128) * 8;
            var category = coefficient == 0 ? 0 : 32 - int.LeadingZeroCount(Math.Abs(coefficient));
            Append(bits, category, 4);
            Append(bits, coefficient < 0 ? coefficient + (1 << category) - 1 : coefficient, category);
            Append(bits, 0, 1);
        }

        while (bits.Count % 8 != 0)
        {
            bits.Add(true);
        }

        var bytes = new List<byte>();
        foreach (var octet in bits.Chunk(8))
        {
            var value = octet.Aggregate(0, (sum, bit) => (sum << 1) | (bit ? 1 : 0));
            bytes.Add((byte)value);
            if (value == 0xFF)
            {
                bytes.Add(0);
            }
        }

        return bytes;
    }

    private static void Append(List<bool> bits, int value, int count)
    {
        for (var bit = count - 1; bit >= 0; bit--)
        {
            bits.Add(((value >> bit) & 1) != 0);
        }
    }
}
