using System.Buffers.Binary;
using System.Text;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Writes pickles opcode by opcode, sound ones and others.</summary>
internal sealed class PickleBuilder
{
    private readonly List<byte> _bytes = [];

    public PickleBuilder(byte protocol = 2) => Raw(0x80, protocol);

    /// <summary>A pickle of <c>{"state_dict": OrderedDict}</c> around the given items.</summary>
    public static byte[] StateDict(Action<PickleBuilder> items)
    {
        var pickle = new PickleBuilder().Op("}").Text("state_dict").OrderedDict().Op("(");
        items(pickle);
        return pickle.Op("us.").ToArray();
    }

    /// <summary>A pickle whose root is one tensor.</summary>
    public static byte[] Root(string storageClass, long elements, long offset, long[] shape, long[] strides) =>
        new PickleBuilder().Tensor(storageClass, "0", elements, offset, shape, strides).Op(".").ToArray();

    public PickleBuilder Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>Opcodes without arguments, by their letters.</summary>
    public PickleBuilder Op(string opcodes) => Raw(Encoding.Latin1.GetBytes(opcodes));

    public PickleBuilder Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Op("X").UInt32((uint)utf8.Length).Raw(utf8);
    }

    /// <summary>A text as protocol 4 writes it.</summary>
    public PickleBuilder Short(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Raw(0x8c, (byte)utf8.Length).Raw(utf8);
    }

    public PickleBuilder Integer(long value)
    {
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Span<byte> bytes = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)value);
            return Op("J").Raw(bytes);
        }

        Span<byte> wide = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(wide, value);
        return Raw(0x8a, sizeof(long)).Raw(wide);
    }

    public PickleBuilder UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleBuilder Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleBuilder OrderedDict() => Global("collections", "OrderedDict").Op(")R");

    /// <summary>A tuple of integers.</summary>
    public PickleBuilder Tuple(params ReadOnlySpan<long> values)
    {
        Op("(");
        foreach (var value in values)
        {
            Integer(value);
        }

        return Op("t");
    }

    public PickleBuilder Storage(string storageClass, string key, long elements) =>
        Op("(").Text("storage").Global("torch", storageClass).Text(key).Text("cpu").Integer(elements).Op("tQ");

    public PickleBuilder Tensor(string storageClass, string key, long elements, long offset, long[] shape, long[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage(storageClass, key, elements);
        Integer(offset).Tuple(shape).Tuple(strides).Raw(0x89);
        return OrderedDict().Op("tR");
    }

    public byte[] ToArray() => [.. _bytes];
}
