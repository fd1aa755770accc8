using Microsoft.AspNetCore.Http;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Pipeline.Serving;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>Says how the process is.</summary>
/// <param name="app">Its build and role.</param>
/// <param name="model">Its model; null in a coordinator.</param>
public sealed class HealthReporter(AppIdentity app, WarmModel? model = null)
{
    /// <summary>200 when it is ready, else 503; the same document in both.</summary>
    public IResult Answer()
    {
        var report = Report();
        var status = report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return JsonAnswer.Of(status, report, ApiJson.Default.HealthReport);
    }

    private HealthReport Report() => model?.Status is { } status
        ? new HealthReport(
            Live: true,
            status.State == WarmModelState.Ready,
            app.Role,
            app.Version,
            status.Model,
            status.Provider,
            status.FallbackReason,
            status.Code,
            status.Reason,
            status.SwapProblem,
            status.Loads,
            status.FailedTries,
            status.Images,
            status.SinceUtc,
            status.Batching,
            status.Runs,
            status.Optimization,
            JpegDecoding.Current)
        : new HealthReport(Live: true, Ready: true, app.Role, app.Version, null, null, null, null, null, null, 0, 0, 0, null, null, null, null, null);
}
