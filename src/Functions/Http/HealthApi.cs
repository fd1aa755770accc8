using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Serving;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/health</c>: how the process is.</summary>
/// <param name="app">Its build and role.</param>
/// <param name="model">Its model; null in a coordinator.</param>
public sealed class HealthApi(AppIdentity app, WarmModel? model = null)
{
    /// <summary>The name of <see cref="Get"/>.</summary>
    public const string FunctionName = "Health";

    /// <summary>
    /// <c>GET /api/health</c> says whether the process takes work, and why not: 200 when it does, else 503, with the same document. It
    /// needs no key: probes have none.
    /// </summary>
    [Function(FunctionName)]
    public IResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
    {
        var report = Report(app, model?.Status);
        var status = report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return JsonAnswer.Of(status, report, ApiJson.Default.HealthReport);
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
}
