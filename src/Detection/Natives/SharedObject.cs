using System.Buffers.Binary;
using System.Text;

namespace Nanodet.Detection.Natives;

/// <summary>
/// Reads which libraries a Linux shared object needs (ELF64, little endian, <c>DT_NEEDED</c>), so that a missing one can be named
/// without loading anything.
/// </summary>
internal static class SharedObject
{
    private const int MaxTable = 1 << 20;
    private const uint SegmentLoad = 1;
    private const uint SegmentDynamic = 2;
    private const long TagNeeded = 1;
    private const long TagStringTable = 5;
    private const int MaxName = 256;

    /// <summary>The names of the needed libraries; empty for a file that is no ELF64 shared object.</summary>
    internal static IReadOnlyList<string> ReadNeeded(string path)
    {
        using var file = File.OpenHandle(path);
        Span<byte> header = stackalloc byte[64];
        if (RandomAccess.Read(file, header, 0) < header.Length || !header.StartsWith<byte>([0x7F, 0x45, 0x4C, 0x46, 2, 1]))
        {
            return [];
        }

        var segments = Read(
            file,
            BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[54..]) * BinaryPrimitives.ReadUInt16LittleEndian(header[56..]));
        var segmentSize = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
        var dynamic = segments.Chunk(segmentSize).FirstOrDefault(segment => Type(segment) == SegmentDynamic);
        if (dynamic is null)
        {
            return [];
        }

        var entries = Read(file, Int64(dynamic, 8), Int64(dynamic, 32))
            .Chunk(16)
            .Select(entry => (Tag: Int64(entry, 0), Value: Int64(entry, 8)))
            .ToArray();
        var address = entries.FirstOrDefault(entry => entry.Tag == TagStringTable).Value;
        var home = segments.Chunk(segmentSize).FirstOrDefault(segment =>
            Type(segment) == SegmentLoad && address >= Int64(segment, 16) && address < Int64(segment, 16) + Int64(segment, 32));
        if (home is null)
        {
            return [];
        }

        var strings = address - Int64(home, 16) + Int64(home, 8);
        return [.. entries.Where(entry => entry.Tag == TagNeeded).Select(entry => Text(Read(file, strings + entry.Value, MaxName)))];
    }

    private static byte[] Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, long length)
    {
        var bytes = new byte[Math.Clamp(length, 0, MaxTable)];
        return bytes[..RandomAccess.Read(file, bytes, Math.Max(0, offset))];
    }

    private static uint Type(byte[] segment) => BinaryPrimitives.ReadUInt32LittleEndian(segment);

    private static long Int64(byte[] bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset));

    private static string Text(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes.AsSpan(0, end));
    }
}
