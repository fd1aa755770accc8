namespace Nanodet.Detection.Images;

/// <summary>Where a GIF's first frame lies, and the colour around it and behind what is transparent.</summary>
/// <param name="Left">The frame's first column.</param>
/// <param name="Top">The frame's first row.</param>
/// <param name="Width">The frame's columns.</param>
/// <param name="Height">The frame's rows.</param>
/// <param name="Background">The screen's background colour; black where no global table has it.</param>
internal readonly record struct GifCanvas(int Left, int Top, int Width, int Height, (byte Blue, byte Green, byte Red) Background)
{
    /// <summary>Gives the pixels of a row that no frame covers the background's colour.</summary>
    /// <param name="y">The row.</param>
    /// <param name="row">Blue, green, red.</param>
    internal void Clear(int y, Span<byte> row)
    {
        if (y < Top || y >= Top + Height)
        {
            Fill(row);
            return;
        }

        Fill(row[..(3 * Left)]);
        Fill(row[(3 * (Left + Width))..]);
    }

    private void Fill(Span<byte> pixels)
    {
        for (var i = 0; i < pixels.Length; i += 3)
        {
            (pixels[i], pixels[i + 1], pixels[i + 2]) = Background;
        }
    }
}
