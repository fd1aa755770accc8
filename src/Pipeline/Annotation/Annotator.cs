using System.Globalization;
using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.Pipeline.Postprocessing;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Annotation;

/// <summary>Draws detections on an image, for people.</summary>
public static class Annotator
{
    private const HersheyFonts Font = HersheyFonts.HersheySimplex;

    /// <summary>Decodes an image, draws boxes and labels, and encodes a JPEG.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="detections">In pixels of that image; the best ones are drawn last, on top.</param>
    /// <param name="limits">Enforced before decoding; null for the defaults.</param>
    /// <param name="quality">JPEG quality, 1 to 100.</param>
    /// <returns>The bytes of a JPEG of the same size, EXIF orientation applied.</returns>
    /// <exception cref="ImageException">The image cannot be used.</exception>
    public static byte[] Annotate(
        ReadOnlySpan<byte> encoded,
        IReadOnlyList<Detection> detections,
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

        Cv2.ImEncode(".jpg", image.Pixels, out var jpeg, new ImageEncodingParam(ImwriteFlags.JpegQuality, quality));
        return jpeg;
    }

    private static void Draw(DecodedImage image, Detection detection)
    {
        // 2 pixels on a 640-pixel photo, in proportion on others.
        var scale = Math.Max(image.Width, image.Height) / 640.0;
        var thickness = Math.Max(1, (int)Math.Round(2 * scale));
        var fontScale = Math.Max(0.4, 0.5 * scale);
        var stroke = Math.Max(1, thickness / 2);
        var color = ClassPalette.Color(detection.ClassId);
        var box = new Rect(
            (int)MathF.Round(detection.Box.X),
            (int)MathF.Round(detection.Box.Y),
            Math.Max(1, (int)MathF.Round(detection.Box.Width)),
            Math.Max(1, (int)MathF.Round(detection.Box.Height)));
        Cv2.Rectangle(image.Pixels, box, color, thickness);

        var label = string.Create(CultureInfo.InvariantCulture, $"{detection.ClassName} {detection.Score:0.00}");
        var text = Cv2.GetTextSize(label, Font, fontScale, stroke, out var baseline);
        var plate = new Size(text.Width + (2 * thickness), text.Height + baseline + (2 * thickness));

        // Above the box where there is room, otherwise inside; never outside the image.
        var left = Math.Clamp(box.X, 0, Math.Max(0, image.Width - plate.Width));
        var top = box.Y >= plate.Height ? box.Y - plate.Height : Math.Clamp(box.Y, 0, Math.Max(0, image.Height - plate.Height));
        Cv2.Rectangle(image.Pixels, new Rect(left, top, plate.Width, plate.Height), color, Cv2.FILLED);
        Cv2.PutText(
            image.Pixels,
            label,
            new Point(left + thickness, top + thickness + text.Height),
            Font,
            fontScale,
            ClassPalette.TextOn(color),
            stroke,
            LineTypes.AntiAlias);
    }
}
