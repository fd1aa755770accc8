using System.Runtime.InteropServices;

namespace Nanodet.Detection.Images;

/// <summary>
/// Pixels in native memory: 3 bytes each, blue, green, red, rows without a gap. Native, because a photo's megabytes would live in the
/// garbage collector's large-object heap; whoever makes it disposes it.
/// </summary>
internal sealed unsafe class PixelBuffer : IDisposable
{
    internal const int Channels = 3;

    /// <summary>Bytes that may be read or written after the last pixel, so that vectors need no special end.</summary>
    internal const int Slack = 64;

    private const int Alignment = 64;

    private byte* _data;

    /// <summary>Takes memory; what is in it is undefined.</summary>
    /// <param name="width">Columns, in pixels, at least 1.</param>
    /// <param name="height">Rows, in pixels, at least 1.</param>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    internal PixelBuffer(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Width = width;
        Height = height;
        _data = (byte*)NativeMemory.AlignedAlloc(checked((nuint)((Step * height) + Slack)), Alignment);
    }

    ~PixelBuffer() => Free();

    /// <summary>Columns, in pixels.</summary>
    internal int Width { get; }

    /// <summary>Rows, in pixels.</summary>
    internal int Height { get; }

    /// <summary>Bytes from a row to the next.</summary>
    internal long Step => (long)Channels * Width;

    /// <summary>The first pixel.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    internal byte* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_data is null, this);
            return _data;
        }
    }

    /// <summary>The bytes of a row.</summary>
    internal Span<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Height, nameof(row));
        return new Span<byte>(Data + (row * Step), Channels * Width);
    }

    /// <summary>Blue, green and red of a pixel.</summary>
    internal (byte Blue, byte Green, byte Red) this[int x, int y]
    {
        get
        {
            var pixel = Row(y).Slice(Channels * x, Channels);
            return (pixel[0], pixel[1], pixel[2]);
        }
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
