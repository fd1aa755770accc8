using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Reads the first directory of a classic TIFF (TIFF 6.0, section 2) and checks that its data lies in the file.</summary>
internal static class TiffHeader
{
    private const int EntrySize = 12;

    internal static ReadOnlySpan<byte> LittleEndian => [0x49, 0x49, 0x2A, 0x00];

    internal static ReadOnlySpan<byte> BigEndian => [0x4D, 0x4D, 0x00, 0x2A];

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        var file = new TiffReader(data, data[0] == (byte)'I');
        var directory = file.UInt32(4);
        var entries = file.UInt16(directory);
        file.RequireDirectory(directory, entries);

        var width = file.Value(directory, entries, 256) ?? 0;
        var height = file.Value(directory, entries, 257) ?? 0;
        var header = limits.RequirePixels(ImageFormat.Tiff, width, height);

        RequireSamples(file, directory, entries);
        var coding = ReadCoding(file, directory, entries, header);
        if (coding.IsTiled)
        {
            limits.RequirePixels(ImageFormat.Tiff, coding.PartWidth, coding.PartHeight);
        }

        var dataBytes = coding.IsTiled
            ? RequireData(file, directory, entries, 324, 325)
            : RequireData(file, directory, entries, 273, 279);

        // Strips may share their bytes, which no writer does: the file has no more than it has.
        ImageException.RequirePlausible(header, coding.FewestBytes(header), Math.Min(dataBytes, data.Length));
        header = header with { WorkingBytes = coding.WorkingBytes(header) };
        return header;
    }

    /// <summary>
    /// Prepares the bytes for libvips, which divides colours by associated alpha, while libtiff's RGBA interface takes them as they are:
    /// the bytes say afterwards that nothing is known of alpha. And it refuses an orientation that is none: they say that there is no turn.
    /// </summary>
    /// <param name="data">A file whose structure was checked; changed.</param>
    /// <param name="orientation">What the file said.</param>
    /// <returns>What the file said.</returns>
    internal static TiffAlpha Prepare(Span<byte> data, out ImageOrientation orientation)
    {
        var file = new TiffReader(data, data[0] == (byte)'I');
        var directory = file.UInt32(4);
        var entries = file.UInt16(directory);
        orientation = ImageOrientation.TopLeft;
        if (file.Find(directory, entries, 274) is { Count: > 0 } turn)
        {
            orientation = ImageOrientations.From((int)file.Item(turn, 0));
            file.Write(data, turn, (uint)ImageOrientation.TopLeft);
        }

        if (file.Find(directory, entries, 338) is not { Count: > 0 } samples)
        {
            return TiffAlpha.None;
        }

        switch (file.Item(samples, 0))
        {
            case 1:
                file.Write(data, samples, 0);
                return TiffAlpha.Associated;
            case 2:
                return TiffAlpha.Unassociated;
            default:
                return TiffAlpha.None;
        }
    }

    private static TiffCoding ReadCoding(TiffReader file, uint directory, int entries, ImageHeader header)
    {
        const uint YCbCr = 6;
        var samples = file.Value(directory, entries, 262) == YCbCr ? 1 : file.Value(directory, entries, 277) ?? 1;
        var bits = (int)(samples * (file.Value(directory, entries, 258) ?? 1));
        var compression = file.Value(directory, entries, 259) ?? 1;
        var isPlanar = file.Value(directory, entries, 284) == 2;
        return file.Value(directory, entries, 322) is { } tileWidth && file.Value(directory, entries, 323) is { } tileHeight
            ? new TiffCoding(compression, bits, tileWidth, tileHeight, IsTiled: true, isPlanar)
            : new TiffCoding(
                compression,
                bits,
                header.Width,
                Math.Min(file.Value(directory, entries, 278) ?? uint.MaxValue, header.Height),
                IsTiled: false,
                isPlanar);
    }

    private static void RequireSamples(TiffReader file, uint directory, int entries)
    {
        if (file.Value(directory, entries, 258) is not (null or 1 or 2 or 4 or 8 or 16) and var bits)
        {
            throw ImageException.Undecodable(ImageFormat.Tiff, $"expected 1, 2, 4, 8 or 16 bits a sample (tag 258), found {bits}.");
        }

        if (file.Value(directory, entries, 277) is > 4 and var samples)
        {
            throw ImageException.Undecodable(ImageFormat.Tiff, $"expected at most 4 samples a pixel (tag 277), found {samples}.");
        }

        if (file.Value(directory, entries, 339) is > 1 and var kind)
        {
            throw ImageException.Undecodable(
                ImageFormat.Tiff, $"expected unsigned samples (tag 339 with 1), found {kind}: signed numbers, floats or another kind.");
        }

        const uint YCbCr = 6;
        const uint Jpeg = 7;
        var photometric = file.Value(directory, entries, 262);
        if (photometric is 8 or 9 or 10 or > 32000)
        {
            throw ImageException.Undecodable(
                ImageFormat.Tiff,
                $"expected grayscale, palette, RGB, CMYK or YCbCr (tag 262), found {photometric}: "
                + "CIE L*a*b* or another space; write RGB instead.");
        }

        if (photometric == YCbCr && file.Value(directory, entries, 259) is not Jpeg
            && file.Find(directory, entries, 530) is { Count: 2 } sampling && file.Item(sampling, 0) == 1 && file.Item(sampling, 1) == 1)
        {
            throw ImageException.Undecodable(
                ImageFormat.Tiff, "expected YCbCr pixels that are JPEG-compressed or subsampled, found plain ones; write RGB instead.");
        }
    }

    private static long RequireData(TiffReader file, uint directory, int entries, ushort offsetsTag, ushort countsTag)
    {
        var offsets = file.Find(directory, entries, offsetsTag);
        var counts = file.Find(directory, entries, countsTag);
        if (offsets is null || counts is null || offsets.Value.Count != counts.Value.Count)
        {
            throw ImageException.Undecodable(
                ImageFormat.Tiff,
                $"expected as many data offsets (tag {offsetsTag}) as byte counts (tag {countsTag}), "
                + $"found {offsets?.Count ?? 0} and {counts?.Count ?? 0}.");
        }

        var bytes = 0L;
        for (uint i = 0; i < offsets.Value.Count; i++)
        {
            var count = file.Item(counts.Value, i);
            file.Require(file.Item(offsets.Value, i), count, "the end of the pixel data");
            bytes += count;
        }

        return bytes;
    }

    /// <summary>Where a field's values lie: <paramref name="Count"/> of <paramref name="Size"/> bytes each.</summary>
    private readonly record struct TiffField(long Position, uint Count, int Size);

    private readonly ref struct TiffReader(ReadOnlySpan<byte> data, bool littleEndian)
    {
        private readonly ReadOnlySpan<byte> _data = data;

        internal void Require(long position, long length, string what)
        {
            if (position + length > _data.Length)
            {
                throw ImageException.Truncated(ImageFormat.Tiff, what, position + length, _data.Length);
            }
        }

        /// <summary>Requires every entry, the link to the next directory, and the values that lie elsewhere.</summary>
        internal void RequireDirectory(uint directory, int entries)
        {
            Require(directory + 2, ((long)entries * EntrySize) + 4, "the end of the first directory");
            for (var i = 0; i < entries; i++)
            {
                var entry = directory + 2 + ((long)i * EntrySize);
                var size = (long)UInt32(entry + 4) * ValueSize(UInt16(entry + 2));
                if (size > 4)
                {
                    Require(UInt32(entry + 8), size, "the end of a tag's values");
                }
            }
        }

        /// <summary>Bytes of one value by TIFF type; 0 for types that are unknown and skipped.</summary>
        private static int ValueSize(ushort type) => type switch
        {
            1 or 2 or 6 or 7 => 1,
            3 or 8 => 2,
            4 or 9 or 11 => 4,
            5 or 10 or 12 => 8,
            _ => 0,
        };

        internal ushort UInt16(long position)
        {
            Require(position, 2, "a number");
            var bytes = _data[(int)position..];
            return littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        internal uint UInt32(long position)
        {
            Require(position, 4, "a number");
            var bytes = _data[(int)position..];
            return littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }

        /// <summary>Writes a field's first value, below 256, into the bytes that this reads from.</summary>
        internal void Write(Span<byte> bytes, TiffField field, uint value)
        {
            var target = bytes.Slice((int)field.Position, field.Size);
            target.Clear();
            target[littleEndian ? 0 : field.Size - 1] = (byte)value;
        }

        internal uint Item(TiffField field, uint index)
        {
            var position = field.Position + ((long)index * field.Size);
            return field.Size == 2 ? UInt16(position) : UInt32(position);
        }

        internal uint? Value(uint directory, int entries, ushort tag) =>
            Find(directory, entries, tag) is { Count: > 0 } field ? Item(field, 0) : null;

        internal TiffField? Find(uint directory, int entries, ushort tag)
        {
            for (var i = 0; i < entries; i++)
            {
                var entry = directory + 2 + ((long)i * EntrySize);
                if (UInt16(entry) != tag)
                {
                    continue;
                }

                var type = UInt16(entry + 2);
                var size = type switch { 3 => 2, 4 => 4, _ => 0 };
                if (size == 0)
                {
                    throw ImageException.Undecodable(
                        ImageFormat.Tiff,
                        $"expected SHORT or LONG values in tag {tag} at byte {entry}, found type {type}.");
                }

                var count = UInt32(entry + 4);
                long position = (long)count * size <= 4 ? entry + 8 : UInt32(entry + 8);
                return new TiffField(position, count, size);
            }

            return null;
        }
    }
}
