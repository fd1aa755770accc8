using System.Diagnostics;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>
/// Carries a trace through queues, lists and orchestrations, which lose what runs in a process. What travels is the W3C
/// <c>traceparent</c>; without a listener nothing is created.
/// </summary>
internal static class TraceContext
{
    /// <summary>The <c>traceparent</c> of what runs now; null where nothing is traced.</summary>
    internal static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    /// <summary>
    /// Starts a span that goes on with a trace that came by message. What runs around it, such as the invocation of a function, is its
    /// parent when it belongs to that trace, else a link.
    /// </summary>
    /// <param name="name">A name of docs/telemetry.md.</param>
    /// <param name="kind">Consumer behind a queue, producer before one.</param>
    /// <param name="traceparent">What came; null or invalid: the span belongs to what runs around it.</param>
    internal static Activity? Start(string name, ActivityKind kind, string? traceparent)
    {
        if (!PipelineTelemetry.Source.HasListeners())
        {
            return null;
        }

        var around = Activity.Current?.Context;
        if (!TryParse(traceparent, out var parent) || around?.TraceId == parent.TraceId)
        {
            return PipelineTelemetry.Source.StartActivity(name, kind);
        }

        ActivityLink[]? links = around is { } context ? [new ActivityLink(context)] : null;
        return PipelineTelemetry.Source.StartActivity(name, kind, parent, tags: null, links);
    }

    /// <summary>
    /// Starts the span of one image: it stays in the trace that the image came with, whatever batch it went into, and links to what
    /// runs around it.
    /// </summary>
    /// <param name="name">A name of docs/telemetry.md.</param>
    /// <param name="traceparent">What the image came with; null: nobody traces it.</param>
    /// <param name="start">When its work began; default for now.</param>
    internal static Activity? StartImage(string name, string? traceparent, DateTimeOffset start = default)
    {
        if (!PipelineTelemetry.Source.HasListeners() || !TryParse(traceparent, out var parent))
        {
            return null;
        }

        ActivityLink[]? links = Activity.Current is { } around ? [new ActivityLink(around.Context)] : null;
        return PipelineTelemetry.Source.StartActivity(name, ActivityKind.Internal, parent, tags: null, links, start);
    }

    /// <summary>
    /// Starts the span of a batch that is formed of several images. Images of one trace go on with it; those of several join in a trace
    /// of its own that links to each.
    /// </summary>
    /// <param name="name">A name of docs/telemetry.md.</param>
    /// <param name="traceparents">What the images came with.</param>
    internal static Activity? StartJoined(string name, IEnumerable<string?> traceparents)
    {
        if (!PipelineTelemetry.Source.HasListeners())
        {
            return null;
        }

        var contexts = Contexts(traceparents);
        return contexts is [var only]
            ? PipelineTelemetry.Source.StartActivity(name, ActivityKind.Internal, only)
            : PipelineTelemetry.Source.StartActivity(
                name, ActivityKind.Internal, default(ActivityContext), tags: null, contexts.Select(context => new ActivityLink(context)));
    }

    /// <summary>Links a span to the traces of its images, its own left out.</summary>
    internal static void Link(Activity activity, IEnumerable<string?> traceparents)
    {
        foreach (var context in Contexts(traceparents).Where(context => context.TraceId != activity.TraceId))
        {
            activity.AddLink(new ActivityLink(context));
        }
    }

    private static ActivityContext[] Contexts(IEnumerable<string?> traceparents) =>
    [
        .. traceparents
            .Where(text => text is not null)
            .Distinct()
            .Select(text => TryParse(text, out var context) ? context : default)
            .Where(context => context != default)
            .DistinctBy(context => context.TraceId),
    ];

    private static bool TryParse(string? traceparent, out ActivityContext context) =>
        ActivityContext.TryParse(traceparent, traceState: null, isRemote: true, out context);
}
