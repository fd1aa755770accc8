namespace Nanodet.Detection.Images;

/// <summary>Where and how a bitmap's pixels are stored.</summary>
/// <param name="Encoding">The encoding.</param>
/// <param name="BitsPerPixel">1, 4, 8, 16, 24 or 32.</param>
/// <param name="TopDown">True where the first row stored is the upper one.</param>
/// <param name="PixelOffset">The first row's place in the file.</param>
/// <param name="PaletteOffset">The first colour's place in the file.</param>
/// <param name="PaletteColors">How many colours there are.</param>
/// <param name="PaletteEntry">Bytes of a colour: 3 in OS/2's files, 4 in others.</param>
/// <param name="RedMask">The bits of red in a pixel of 16 or 32 bits.</param>
/// <param name="GreenMask">The bits of green.</param>
/// <param name="BlueMask">The bits of blue.</param>
internal readonly record struct BmpLayout(
    BmpEncoding Encoding,
    int BitsPerPixel,
    bool TopDown,
    long PixelOffset,
    int PaletteOffset,
    int PaletteColors,
    int PaletteEntry,
    uint RedMask,
    uint GreenMask,
    uint BlueMask)
{
    /// <summary>Bytes from a row to the next: whole groups of four.</summary>
    internal long RowBytes(int width) => (((long)width * BitsPerPixel) + 31) / 32 * 4;
}
