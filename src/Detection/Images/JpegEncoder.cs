using Nanodet.Detection.Natives;
using NetVips;

namespace Nanodet.Detection.Images;

/// <summary>Pixels to JPEG, by the bundled libvips.</summary>
internal static class JpegEncoder
{
    /// <summary>Encodes with colours at half the resolution, as cameras do.</summary>
    /// <param name="pixels">Blue, green, red; not disposed here.</param>
    /// <param name="quality">1 to 100.</param>
    /// <exception cref="EnvironmentException">The bundled library cannot be used.</exception>
    internal static byte[] Encode(PixelBuffer pixels, int quality)
    {
        using var image = ToImage(pixels);
        return image.JpegsaveBuffer(q: quality);
    }

    /// <summary>The pixels as the bundled library has them; the caller disposes them.</summary>
    /// <param name="pixels">Blue, green, red; not disposed here.</param>
    /// <exception cref="EnvironmentException">The bundled library cannot be used.</exception>
    internal static Image ToImage(PixelBuffer pixels)
    {
        VipsLibrary.Require();
        var rgb = new byte[3 * pixels.Width * pixels.Height];
        for (var y = 0; y < pixels.Height; y++)
        {
            // The same exchange in both directions.
            PixelConversion.FromRgb(pixels.Row(y), rgb.AsSpan(y * 3 * pixels.Width, 3 * pixels.Width));
        }

        return Image.NewFromMemory(rgb, pixels.Width, pixels.Height, bands: 3, Enums.BandFormat.Uchar);
    }
}
