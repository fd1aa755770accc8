using System.IO.Enumeration;
using System.Text.Json.Serialization;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Filtering;

/// <summary>
/// A polygon in an image. A detection counts where the centre of its box lies in one of the regions of its image; an image that has no
/// region keeps all of its detections.
/// </summary>
/// <param name="Polygon">Its corners in order, at least 3; the last one is joined to the first. It may be concave (even-odd rule).</param>
/// <param name="Images">
/// Which images have it, by name: <c>*</c> stands for any characters, <c>?</c> for one, case counts. Null for all images. An image that is
/// detected without a name has the regions of all images only.
/// </param>
/// <param name="Relative">Corners are shares of the image's width and height, 0 to 1; else pixels after EXIF orientation.</param>
public sealed record Region(
    IReadOnlyList<RegionPoint> Polygon,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Images = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Relative = false)
{
    /// <summary>Whether an image has this region.</summary>
    internal bool IsOf(string? image) =>
        Images is null || (image is not null && FileSystemName.MatchesSimpleExpression(Images, image, ignoreCase: false));

    /// <summary>Whether the centre of a box lies in it.</summary>
    internal bool Holds(BoundingBox box, int width, int height)
    {
        var (x, y) = (box.X + (box.Width / 2), box.Y + (box.Height / 2));
        if (Relative)
        {
            (x, y) = (x / width, y / height);
        }

        var inside = false;
        for (int i = 0, j = Polygon.Count - 1; i < Polygon.Count; j = i++)
        {
            var (a, b) = (Polygon[i], Polygon[j]);
            if (a.Y > y != b.Y > y && x < ((b.X - a.X) * (y - a.Y) / (b.Y - a.Y)) + a.X)
            {
                inside = !inside;
            }
        }

        return inside;
    }
}
