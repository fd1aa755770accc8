namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>What became of the images of one or more batches.</summary>
/// <param name="Detected">Images with detections, possibly none found.</param>
/// <param name="Failed">Images with an error.</param>
/// <param name="Skipped">Images whose result of the same identity was there already.</param>
public sealed record BatchCounts(long Detected, long Failed, long Skipped)
{
    /// <summary>No image.</summary>
    public static BatchCounts None { get; } = new(0, 0, 0);

    /// <summary>All images, in a form that no serializer writes.</summary>
    public long Sum() => Detected + Failed + Skipped;

    /// <summary>Adds up.</summary>
    public BatchCounts Add(BatchCounts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(Detected + other.Detected, Failed + other.Failed, Skipped + other.Skipped);
    }
}
