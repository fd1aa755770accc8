namespace Nanodet.Detection.Annotation;

/// <summary>A stable colour for each class: hues a golden angle apart, so that neighbouring labels look different.</summary>
internal static class ClassPalette
{
    private const double GoldenAngle = 137.50776405003785;

    /// <summary>The colour of a class.</summary>
    internal static Color Color(int classId)
    {
        var hue = classId * GoldenAngle % 360;
        return new Color(Channel(hue, 1), Channel(hue, 3), Channel(hue, 5));
    }

    /// <summary>Black on bright colours, white on dark ones (Rec. 601 luma).</summary>
    internal static Color TextOn(Color color) =>
        (0.114 * color.Blue) + (0.587 * color.Green) + (0.299 * color.Red) > 140 ? new Color(0, 0, 0) : new Color(255, 255, 255);

    /// <summary>HSV with saturation 0.85 and value 0.95; <paramref name="n"/> is 5, 3, 1 for red, green, blue.</summary>
    private static byte Channel(double hue, int n)
    {
        var k = (n + (hue / 60)) % 6;
        return (byte)Math.Round(255 * 0.95 * (1 - (0.85 * Math.Clamp(Math.Min(k, 4 - k), 0, 1))));
    }
}
