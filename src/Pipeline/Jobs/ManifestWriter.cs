namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Ends a job: puts its NDJSON together, checks the counts, writes the manifest.</summary>
public sealed class ManifestWriter
{
    /// <summary>The activity <c>WriteManifest</c>. Repeating it changes nothing.</summary>
    public Task<JobManifest> WriteAsync(JobEnd end, CancellationToken cancellationToken) => throw new NotImplementedException();
}
