using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>A message that cannot be read, or that failed too often, kept for people.</summary>
/// <param name="Queue">The queue that it failed on.</param>
/// <param name="ReceivedUtc">When it was given up, in UTC.</param>
/// <param name="Problem">Why it cannot be read; null when it failed as often as its queue allows.</param>
/// <param name="Message">What its sender wrote, base64 taken off where that is text.</param>
internal sealed record DeadLetter(string Queue, DateTimeOffset ReceivedUtc, string? Problem, string Message)
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;
}
