namespace Nanodet.Detection.Images;

/// <summary>An encoded image format that is accepted. Its pixels are those of OpenCV's <c>imread</c>.</summary>
internal enum ImageFormat
{
    /// <summary>Baseline or progressive JPEG, grayscale, YCbCr, RGB or CMYK.</summary>
    Jpeg,

    /// <summary>PNG of any colour type, 1 to 16 bits a sample. Of an animation the first frame counts.</summary>
    Png,

    /// <summary>Windows bitmap of 1, 4, 8, 16, 24 or 32 bits a pixel, plain or run-length encoded.</summary>
    Bmp,

    /// <summary>WebP, lossy or lossless. Of an animation the first frame counts.</summary>
    WebP,

    /// <summary>GIF. Of an animation the first frame counts.</summary>
    Gif,

    /// <summary>
    /// Classic TIFF of 1, 2, 4, 8 or 16 unsigned bits a sample, grayscale, palette, RGB, CMYK or YCbCr. Of several pages the first counts.
    /// </summary>
    Tiff,
}
