using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Serving;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/health</c> and <c>/api/health/details</c>: how the process is.</summary>
/// <param name="app">Its build and role.</param>
/// <param name="model">Its model; null in a coordinator.</param>
public sealed class HealthApi(AppIdentity app, WarmModel? model = null)
{
    /// <summary>The name of <see cref="Get"/>.</summary>
    public const string FunctionName = "Health";

    /// <summary>The name of <see cref="GetDetails"/>.</summary>
    public const string DetailsName = "HealthDetails";

    /// <summary>
    /// <c>GET /api/health</c> says whether the process takes work, and the code of what is wrong: 200 when it does, else 503, with the
    /// same document. It needs no key, because probes have none: so it says nothing that helps a stranger, no version, library or path.
    /// </summary>
    [Function(FunctionName)]
    public IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "health")] HttpRequest request)
    {
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        var report = Report(app, model?.Status);
        var summary = new HealthSummary { Ready = report.Ready, Code = report.Code };
        return JsonAnswer.Of(Status(report), summary, ApiJson.Default.HealthSummary);
    }

    /// <summary><c>GET /api/health/details</c>, with a key: everything that the process knows about itself, with the same status.</summary>
    [Function(DetailsName)]
    public IResult GetDetails([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "health/details")] HttpRequest request)
    {
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        var report = Report(app, model?.Status);
        return JsonAnswer.Of(Status(report), report, ApiJson.Default.HealthReport);
    }

    /// <summary>The report of a process.</summary>
    /// <param name="app">Its build and role.</param>
    /// <param name="status">Its model; null in a coordinator, which takes work without one.</param>
    internal static HealthReport Report(AppIdentity app, WarmModelStatus? status) => new()
    {
        Ready = status is null or { State: WarmModelState.Ready },
        Role = app.Role,
        Version = app.Version,
        Model = status?.Model,
        Provider = status?.Provider,
        FallbackReason = status?.FallbackReason,
        Code = status?.Code,
        Reason = status?.Reason,
        SwapProblem = status?.SwapProblem,
        ModelLoads = status?.Loads ?? 0,
        FailedTries = status?.FailedTries ?? 0,
        ImagesComputed = status?.Images ?? 0,
        SinceUtc = status?.SinceUtc,
        Batching = status?.Batching,
        Form = status?.Form,
        Runs = status?.Runs,
        Shapes = status?.Shapes ?? [],
        Optimization = status?.Optimization,
        Jpeg = status is null ? null : JpegDecoding.Current,
    };

    private static int Status(HealthReport report) =>
        report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
