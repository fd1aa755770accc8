namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>The external event that tells a waiting orchestration that its batch lies in staging.</summary>
/// <param name="BatchId">The batch.</param>
/// <param name="StagingBlob">Name in container <c>staging</c>: one line for each image.</param>
/// <param name="Detected">Images with detections, possibly none found.</param>
/// <param name="Failed">Images with an error.</param>
/// <param name="Skipped">Images whose result of the same identity is there already.</param>
public sealed record BatchDetected(string BatchId, string StagingBlob, int Detected, int Failed, int Skipped)
{
    /// <summary>The event's name.</summary>
    public const string EventName = "BatchDetected";

    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>The counts alone.</summary>
    public BatchCounts ToCounts() => new(Detected, Failed, Skipped);
}
