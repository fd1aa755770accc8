namespace Nanodet.Detection.Images;

/// <summary>A bitmap's colours. One that the file does not have is black.</summary>
internal readonly ref struct BmpPalette(ReadOnlySpan<byte> data, BmpLayout bitmap)
{
    private readonly ReadOnlySpan<byte> _colors = data.Slice(bitmap.PaletteOffset, bitmap.PaletteColors * bitmap.PaletteEntry);
    private readonly int _entry = bitmap.PaletteEntry;

    /// <summary>Writes blue, green, red of a colour.</summary>
    internal void Write(int index, Span<byte> pixel)
    {
        var start = index * _entry;
        if (start < _colors.Length)
        {
            _colors.Slice(start, 3).CopyTo(pixel);
        }
        else
        {
            pixel[..3].Clear();
        }
    }
}
