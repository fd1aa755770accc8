using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>GET /api/jobs</c>: the latest jobs.</summary>
public sealed class ListJobs(JobsApi api)
{
    /// <summary>Answers.</summary>
    [Function(nameof(ListJobs))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "jobs")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => api.ListAsync(request, client, cancellationToken);
}
