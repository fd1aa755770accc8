namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Requests and manifests of jobs, in container <c>jobs</c>.</summary>
public sealed class JobStore
{
    /// <summary>Checks a request, fills in the app's settings, and writes <c>jobs/&lt;jobId&gt;/request.json</c>.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="jobId">Null for a new id; an id makes the call repeatable (a timer's occurrence, for example).</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/> or <see cref="PipelineErrorCodes.InvalidJobId"/>.</exception>
    public Task<JobDefinition> CreateAsync(JobRequest request, string? jobId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Reads a request body.</summary>
    /// <exception cref="PipelineException">It is no request.</exception>
    public static Task<JobRequest> ReadRequestAsync(Stream body, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads what a job was asked for.</summary>
    /// <returns>Null when there is no such job.</returns>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidJobId"/>.</exception>
    public Task<JobDefinition?> FindAsync(string jobId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads what a job came to.</summary>
    /// <returns>Null while it runs, and when there is no such job.</returns>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidJobId"/>.</exception>
    public Task<JobManifest?> FindManifestAsync(string jobId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lists the ids of jobs in no promised order but the greatest, which are the latest, first.</summary>
    /// <param name="limit">At most so many, from 1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<string>> ListAsync(int limit, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>True for a text that can be a job's id: 1 to 64 letters, digits and hyphens.</summary>
    public static bool IsJobId(string? text) => throw new NotImplementedException();

    /// <summary>The instance id of a job's orchestration.</summary>
    public static string InstanceId(string jobId) => $"job-{jobId}";
}
