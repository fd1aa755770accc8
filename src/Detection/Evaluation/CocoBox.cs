namespace Nanodet.Detection.Evaluation;

/// <summary>A box in pixels, as COCO writes it.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width, at least 0.</param>
/// <param name="Height">Height, at least 0.</param>
public readonly record struct CocoBox(double X, double Y, double Width, double Height)
{
    /// <summary>Width times height.</summary>
    public double Area => Width * Height;

    /// <summary>
    /// Intersection over union with a ground truth; over the detection's own area where the ground truth is a crowd, in which any
    /// number of detections may lie.
    /// </summary>
    /// <param name="truth">The ground truth.</param>
    /// <param name="isCrowd">Whether it stands for a crowd.</param>
    public double Overlap(CocoBox truth, bool isCrowd)
    {
        var width = Math.Min(X + Width, truth.X + truth.Width) - Math.Max(X, truth.X);
        var height = Math.Min(Y + Height, truth.Y + truth.Height) - Math.Max(Y, truth.Y);
        if (width <= 0 || height <= 0)
        {
            return 0;
        }

        var intersection = width * height;
        return intersection / (isCrowd ? Area : Area + truth.Area - intersection);
    }
}
