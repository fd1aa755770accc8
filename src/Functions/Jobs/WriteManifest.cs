using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>Ends a job: its NDJSON, its manifest.</summary>
public sealed class WriteManifest(ManifestWriter writer)
{
    /// <summary>Writes it; again is the same.</summary>
    [Function(nameof(WriteManifest))]
    public async Task<JobOutcome> RunAsync([ActivityTrigger] JobEnd end, CancellationToken cancellationToken)
    {
        var manifest = await writer.WriteAsync(end, cancellationToken);
        return new JobOutcome(manifest.State, manifest.Error);
    }
}
