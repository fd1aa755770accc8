using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>
/// What a JPEG's frame asks for and its scans bring (ITU-T T.81, annexes B and G): how many blocks of samples there are, and which
/// coefficients of them were announced in full. Filled by <see cref="JpegHeader"/>.
/// </summary>
/// <param name="ids">Room for the components' ids: <see cref="MostComponents"/>.</param>
/// <param name="open">Room for the components' coefficients that are not there yet, a bit each: as many.</param>
internal ref struct JpegScans(Span<byte> ids, Span<ulong> open)
{
    /// <summary>The most components that a frame may have here.</summary>
    internal const int MostComponents = 4;

    private const int BlockSide = 8;
    private const int CoefficientBytes = sizeof(short) * BlockSide * BlockSide;

    private readonly Span<byte> _ids = ids;
    private readonly Span<ulong> _open = open;
    private int _components;
    private long _blocks;
    private bool _isHuffman;
    private bool _isProgressive;

    /// <summary>Scans so far.</summary>
    internal int Count { get; private set; }

    /// <summary>
    /// Whether nothing more is to come, as far as scans say what they have: each component has each of its coefficients to the last bit.
    /// False for arithmetic coding, whose decoder cannot tell where data are missing.
    /// </summary>
    internal readonly bool AreWhole => _isHuffman && _components > 0 && !_open[.._components].ContainsAnyExcept(0UL);

    /// <summary>
    /// The fewest bytes that the frame's pixels take: a Huffman code of one bit for each block. An arithmetic code has no such limit.
    /// </summary>
    internal readonly long FewestBytes => _isHuffman ? _blocks / 8 : 0;

    /// <summary>
    /// Memory that a decoder takes beside the pixels, in bytes: every coefficient where there are several scans, and a fourth sample.
    /// </summary>
    internal readonly long WorkingBytes(long pixels) =>
        (_isProgressive || Count > 1 ? _blocks * CoefficientBytes : 0) + (_components == MostComponents ? MostComponents * pixels : 0);

    /// <summary>Takes a frame header.</summary>
    /// <param name="marker">SOF0 to SOF15.</param>
    /// <param name="body">Behind the length: precision, height, width, components.</param>
    internal void Begin(byte marker, ReadOnlySpan<byte> body)
    {
        (_isHuffman, _isProgressive) = (marker is 0xC0 or 0xC1 or 0xC2, marker is 0xC2 or 0xCA);
        (_components, _blocks) = (0, 0);
        var count = body[5];
        if (count is 0 or > MostComponents || body.Length < 6 + (3 * count))
        {
            // The decoder says what is wrong with it.
            return;
        }

        var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(body[1..]), BinaryPrimitives.ReadUInt16BigEndian(body[3..]));
        var (most, mostDown) = (1, 1);
        for (var i = 0; i < count; i++)
        {
            var sampling = body[7 + (3 * i)];
            (most, mostDown) = (Math.Max(most, sampling >> 4), Math.Max(mostDown, sampling & 15));
        }

        for (var i = 0; i < count; i++)
        {
            var sampling = body[7 + (3 * i)];
            _ids[i] = body[6 + (3 * i)];
            _open[i] = ulong.MaxValue;
            _blocks += Blocks(width, sampling >> 4, most) * Blocks(height, sampling & 15, mostDown);
        }

        _components = count;
    }

    /// <summary>Takes a scan header.</summary>
    /// <param name="body">Behind the length: components, first and last coefficient, bits.</param>
    internal void Add(ReadOnlySpan<byte> body)
    {
        Count++;
        if (body.IsEmpty || body.Length < 4 + (2 * body[0]))
        {
            return;
        }

        var range = body[(1 + (2 * body[0]))..];
        var (first, last, lowestBit) = (range[0], range[1], range[2] & 15);
        var brought = !_isProgressive ? ulong.MaxValue
            : lowestBit > 0 || first > last || last > 63 ? 0
            : (ulong.MaxValue >> (63 - last)) & (ulong.MaxValue << first);
        for (var i = 0; i < body[0]; i++)
        {
            if (_ids[.._components].IndexOf(body[1 + (2 * i)]) is >= 0 and var component)
            {
                _open[component] &= ~brought;
            }
        }
    }

    private static long Blocks(int pixels, int sampling, int most) =>
        sampling == 0 ? 0 : ((((long)pixels * sampling) + most - 1) / most + BlockSide - 1) / BlockSide;
}
