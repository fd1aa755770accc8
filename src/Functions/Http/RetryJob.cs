using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>POST /api/jobs/{id}/retry</c>: a new job over the failures of one that ended.</summary>
public sealed class RetryJob(JobsApi api)
{
    /// <summary>Answers.</summary>
    [Function(nameof(RetryJob))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "jobs/{jobId}/retry")] HttpRequest request,
        string jobId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => api.RetryAsync(jobId, client, cancellationToken);
}
