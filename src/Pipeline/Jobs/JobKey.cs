using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Which job an idempotency key stands for: <c>_keys/&lt;hash&gt;.json</c> in container <c>jobs</c>, written once.</summary>
/// <param name="JobId">The job.</param>
public sealed record JobKey(string JobId)
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;
}
