namespace Nanodet.Serverless.Pipeline.Images;

/// <summary>An encoded image format that the native OpenCV build decodes and the header reader understands.</summary>
public enum ImageFormat
{
    /// <summary>Baseline or progressive JPEG, grayscale, YCbCr, RGB or CMYK.</summary>
    Jpeg,

    /// <summary>PNG of any colour type, 1 to 16 bits a sample. Of an animation the first frame counts.</summary>
    Png,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>WebP, lossy or lossless. Of an animation the first frame counts.</summary>
    WebP,

    /// <summary>GIF. Of an animation the first frame counts.</summary>
    Gif,

    /// <summary>Classic TIFF of up to 16 bits a sample. Of several pages the first counts.</summary>
    Tiff,
}
