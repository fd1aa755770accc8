namespace Nanodet.Detection.Images;

/// <summary>The rows of a decoded image in native memory: 3 bytes a pixel, blue, green, red. Valid as long as the image is.</summary>
internal readonly unsafe ref struct PixelRows(byte* data, long step, int width, int height)
{
    private readonly byte* _data = data;
    private readonly long _step = step;

    /// <summary>Pixels in a row.</summary>
    internal int Width { get; } = width;

    /// <summary>Rows.</summary>
    internal int Height { get; } = height;

    /// <summary>The bytes of a row.</summary>
    internal ReadOnlySpan<byte> this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Height, nameof(row));
            return new ReadOnlySpan<byte>(_data + (row * _step), 3 * Width);
        }
    }
}
