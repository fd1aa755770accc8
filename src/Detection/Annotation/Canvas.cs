using Nanodet.Detection.Images;

namespace Nanodet.Detection.Annotation;

/// <summary>Draws on pixels. What lies outside of them is left out.</summary>
internal static class Canvas
{
    /// <summary>A filled rectangle.</summary>
    internal static void Fill(PixelBuffer pixels, int left, int top, int width, int height, Color color)
    {
        var (from, to) = (Math.Clamp(left, 0, pixels.Width), Math.Clamp(left + width, 0, pixels.Width));
        for (var y = Math.Max(0, top); y < Math.Min(pixels.Height, top + height); y++)
        {
            var row = pixels.Row(y);
            for (var x = from; x < to; x++)
            {
                Set(row, x, color);
            }
        }
    }

    /// <summary>The outline of a rectangle, its middle on the rectangle's edge.</summary>
    internal static void Outline(PixelBuffer pixels, int left, int top, int width, int height, int thickness, Color color)
    {
        var (outerLeft, outerTop) = (left - (thickness / 2), top - (thickness / 2));
        Fill(pixels, outerLeft, outerTop, width + thickness, thickness, color);
        Fill(pixels, outerLeft, outerTop + height, width + thickness, thickness, color);
        Fill(pixels, outerLeft, outerTop, thickness, height + thickness, color);
        Fill(pixels, outerLeft + width, outerTop, thickness, height + thickness, color);
    }

    /// <summary>A colour through a mask.</summary>
    internal static void Blend(PixelBuffer pixels, int left, int top, TextMask mask, Color color)
    {
        for (var y = Math.Max(0, -top); y < mask.Height && top + y < pixels.Height; y++)
        {
            var row = pixels.Row(top + y);
            var coverage = mask.Row(y);
            for (var x = Math.Max(0, -left); x < mask.Width && left + x < pixels.Width; x++)
            {
                var pixel = row.Slice(PixelBuffer.Channels * (left + x), PixelBuffer.Channels);
                pixel[0] = Mix(pixel[0], color.Blue, coverage[x]);
                pixel[1] = Mix(pixel[1], color.Green, coverage[x]);
                pixel[2] = Mix(pixel[2], color.Red, coverage[x]);
            }
        }
    }

    private static void Set(Span<byte> row, int x, Color color) =>
        (row[3 * x], row[(3 * x) + 1], row[(3 * x) + 2]) = (color.Blue, color.Green, color.Red);

    private static byte Mix(byte below, byte above, byte coverage) => (byte)(((below * (255 - coverage)) + (above * coverage) + 127) / 255);
}
