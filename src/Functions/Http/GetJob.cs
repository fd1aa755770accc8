using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>GET /api/jobs/{id}</c>: counts, rate and time left.</summary>
public sealed class GetJob(JobsApi api)
{
    /// <summary>Answers.</summary>
    [Function(nameof(GetJob))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "jobs/{jobId}")] HttpRequest request,
        string jobId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => api.FindAsync(jobId, client, cancellationToken);
}
