namespace Nanodet.Serverless.Cli.Tests.Parity;

/// <summary>A detection of either side: class, score, and the box's corners in pixels of the photo.</summary>
internal readonly record struct ExpectedDetection(int ClassId, double Score, double X1, double Y1, double X2, double Y2)
{
    /// <summary>Intersection over union.</summary>
    public double Iou(ExpectedDetection other)
    {
        var width = Math.Min(X2, other.X2) - Math.Max(X1, other.X1);
        var height = Math.Min(Y2, other.Y2) - Math.Max(Y1, other.Y1);
        if (width <= 0 || height <= 0)
        {
            return 0;
        }

        var intersection = width * height;
        return intersection / (((X2 - X1) * (Y2 - Y1)) + ((other.X2 - other.X1) * (other.Y2 - other.Y1)) - intersection);
    }
}
