using System.Globalization;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Annotation;

/// <summary>Draws detections on an image, for people.</summary>
public static class Annotator
{
    /// <summary>Decodes an image, draws boxes and labels, and encodes a JPEG.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="detections">In pixels of that image; the best ones are drawn last, on top.</param>
    /// <param name="limits">Enforced before decoding; null for the defaults.</param>
    /// <param name="quality">JPEG quality, 1 to 100.</param>
    /// <returns>The bytes of a JPEG of the same size, EXIF orientation applied.</returns>
    /// <exception cref="ImageException">The image cannot be used.</exception>
    /// <exception cref="EnvironmentException">The bundled library cannot be used: no fault of the image.</exception>
    public static byte[] Annotate(
        ReadOnlySpan<byte> encoded,
        IReadOnlyList<DetectedObject> detections,
        ImageLimits? limits = null,
        int quality = 90)
    {
        ArgumentNullException.ThrowIfNull(detections);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        using var image = ImageDecoder.Decode(encoded, limits ?? new ImageLimits());
        foreach (var detection in detections.OrderBy(detection => detection.Score))
        {
            Draw(image, detection);
        }

        return JpegEncoder.Encode(image.Pixels, quality);
    }

    private static void Draw(DecodedImage image, DetectedObject detection)
    {
        // 2 pixels on a 640-pixel photo, in proportion on others.
        var scale = Math.Max(image.Width, image.Height) / 640.0;
        var thickness = Math.Max(1, (int)Math.Round(2 * scale));
        var padding = Math.Max(2, thickness + 1);
        var color = ClassPalette.Color(detection.ClassId);
        var (boxLeft, boxTop) = ((int)MathF.Round(detection.Box.X), (int)MathF.Round(detection.Box.Y));
        Canvas.Outline(
            image.Pixels,
            boxLeft,
            boxTop,
            Math.Max(1, (int)MathF.Round(detection.Box.Width)),
            Math.Max(1, (int)MathF.Round(detection.Box.Height)),
            thickness,
            color);

        var label = string.Create(CultureInfo.InvariantCulture, $"{detection.ClassName} {detection.Score:0.00}");
        var text = TextMask.Draw(label, Math.Max(11, 14 * scale));
        var (width, height) = (text.Width + (2 * padding), text.Height + (2 * padding));

        // Above the box where there is room, otherwise inside; never outside the image.
        var left = Math.Clamp(boxLeft, 0, Math.Max(0, image.Width - width));
        var top = boxTop >= height ? boxTop - height : Math.Clamp(boxTop, 0, Math.Max(0, image.Height - height));
        Canvas.Fill(image.Pixels, left, top, width, height, color);
        Canvas.Blend(image.Pixels, left + padding, top + padding, text, ClassPalette.TextOn(color));
    }
}
