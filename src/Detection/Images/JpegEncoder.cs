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
        VipsLibrary.Require();
        var rgb = new byte[3 * pixels.Width * pixels.Height];
        for (var y = 0; y < pixels.Height; y++)
        {
            // The same exchange in both directions.
            PixelConversion.FromRgb(pixels.Row(y), rgb.AsSpan(y * 3 * pixels.Width, 3 * pixels.Width));
        }

        using var image = Image.NewFromMemory(rgb, pixels.Width, pixels.Height, bands: 3, Enums.BandFormat.Uchar);
        return image.JpegsaveBuffer(q: quality);
    }
}
