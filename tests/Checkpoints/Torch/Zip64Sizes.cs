using System.Buffers.Binary;
using System.Text;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Changes what an archive's central directory says about a record.</summary>
internal static class Zip64Sizes
{
    private const int EndRecordSize = 22;
    private const int HeaderSize = 46;

    /// <summary>Announces another uncompressed size, as a 64-bit one in the record's extra field.</summary>
    public static byte[] Announce(byte[] archive, string name, long size)
    {
        // The end record has no comment here: it is the last 22 bytes. Directory size at 12, directory start at 16.
        var end = archive.Length - EndRecordSize;
        var directory = (int)BinaryPrimitives.ReadUInt32LittleEndian(archive.AsSpan(end + 16));
        var header = Find(archive, directory, end, Encoding.UTF8.GetBytes(name));
        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(archive.AsSpan(header + 28));

        Span<byte> extra = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], 8);
        BinaryPrimitives.WriteInt64LittleEndian(extra[4..], size);
        var after = header + HeaderSize + nameLength;
        byte[] changed = [.. archive.AsSpan(0, after), .. extra, .. archive.AsSpan(after)];
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(header + 24), uint.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(header + 30), (ushort)extra.Length);
        var directorySize = BinaryPrimitives.ReadUInt32LittleEndian(archive.AsSpan(end + 12));
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(end + extra.Length + 12), directorySize + (uint)extra.Length);
        return changed;
    }

    private static int Find(byte[] archive, int directory, int end, byte[] name)
    {
        for (var header = directory; header < end;)
        {
            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(archive.AsSpan(header + 28));
            var extraLength = BinaryPrimitives.ReadUInt16LittleEndian(archive.AsSpan(header + 30));
            var commentLength = BinaryPrimitives.ReadUInt16LittleEndian(archive.AsSpan(header + 32));
            if (archive.AsSpan(header + HeaderSize, nameLength).SequenceEqual(name))
            {
                return header;
            }

            header += HeaderSize + nameLength + extraLength + commentLength;
        }

        throw new ArgumentException("there is no such record", nameof(name));
    }
}
