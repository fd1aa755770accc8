namespace Nanodet.Detection.Images;

/// <summary>How a bitmap's pixels are stored (BITMAPINFOHEADER, biCompression).</summary>
internal enum BmpEncoding : uint
{
    /// <summary>As they are.</summary>
    Plain = 0,

    /// <summary>Runs of bytes.</summary>
    Rle8 = 1,

    /// <summary>Runs of half bytes.</summary>
    Rle4 = 2,

    /// <summary>As they are, with masks that say which bits are which colour.</summary>
    BitFields = 3,
}
