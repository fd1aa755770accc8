using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>POST /api/jobs</c>: starts a job.</summary>
public sealed class StartJob(JobsApi api)
{
    /// <summary>Answers.</summary>
    [Function(nameof(StartJob))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "jobs")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => api.StartAsync(request, client, cancellationToken);
}
