using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>GET /api/health</c>: whether the process takes work, and why not. Needs no key: probes have none.</summary>
public sealed class Health(HealthReporter reporter)
{
    /// <summary>Answers.</summary>
    [Function(nameof(Health))]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request) => reporter.Answer();
}
