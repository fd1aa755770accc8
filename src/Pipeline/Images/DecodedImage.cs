using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Images;

/// <summary>Pixels in native memory: 8 bits, blue, green, red, after EXIF orientation. Whoever decodes it disposes it.</summary>
public sealed class DecodedImage : IDisposable
{
    internal DecodedImage(Mat pixels, ImageFormat format)
    {
        Pixels = pixels;
        Format = format;
        Width = pixels.Width;
        Height = pixels.Height;
    }

    /// <summary>Columns after EXIF orientation, in pixels.</summary>
    public int Width { get; }

    /// <summary>Rows after EXIF orientation, in pixels.</summary>
    public int Height { get; }

    /// <summary>The encoding that the pixels came from.</summary>
    public ImageFormat Format { get; }

    internal Mat Pixels { get; }

    /// <summary>Frees the pixels.</summary>
    public void Dispose() => Pixels.Dispose();
}
