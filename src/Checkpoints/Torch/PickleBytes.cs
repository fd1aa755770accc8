using System.Buffers.Binary;
using System.Text;

namespace Nanodet.Checkpoints.Torch;

/// <summary>The bytes of a pickle, read from front to back. No length may point past the end.</summary>
internal ref struct PickleBytes(ReadOnlySpan<byte> pickle)
{
    private const int LongestLine = 512;

    private readonly ReadOnlySpan<byte> _pickle = pickle;

    /// <summary>The bytes that were read.</summary>
    public int Position { get; private set; }

    /// <summary>The next bytes.</summary>
    /// <exception cref="CheckpointException">There are not as many.</exception>
    public ReadOnlySpan<byte> Take(long length)
    {
        if (length > _pickle.Length - Position)
        {
            throw Truncated();
        }

        var taken = _pickle.Slice(Position, (int)length);
        Position += (int)length;
        return taken;
    }

    /// <summary>An unsigned byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>An unsigned integer of 16 bits.</summary>
    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    /// <summary>A signed integer of 32 bits.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    /// <summary>An unsigned integer of 32 bits.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>A length of 64 bits.</summary>
    public long Length64()
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        return value > int.MaxValue ? throw Truncated() : (long)value;
    }

    /// <summary>A number of 64 bits, big endian.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));

    /// <summary>A text of that many bytes.</summary>
    public string Text(long length) => Encoding.UTF8.GetString(Take(length));

    /// <summary>A text up to the end of its line.</summary>
    public string Line()
    {
        var rest = _pickle[Position..];
        var end = rest[..Math.Min(rest.Length, LongestLine)].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw Truncated();
        }

        Position += end + 1;
        return Encoding.UTF8.GetString(rest[..end]);
    }

    private readonly CheckpointException Truncated() => new(
        CheckpointErrorCode.Truncated,
        $"The checkpoint's pickle ends inside an opcode: {_pickle.Length} bytes are there, more are announced at byte {Position}.");
}
