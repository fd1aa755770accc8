using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>DELETE /api/jobs/{id}</c>: ends a job early.</summary>
public sealed class CancelJob(JobsApi api)
{
    /// <summary>Answers.</summary>
    [Function(nameof(CancelJob))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "jobs/{jobId}")] HttpRequest request,
        string jobId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => api.CancelAsync(jobId, client, cancellationToken);
}
