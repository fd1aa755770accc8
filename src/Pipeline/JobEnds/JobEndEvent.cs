using System.Globalization;
using System.Text.Json;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Pipeline.JobEnds;

/// <summary>The CloudEvent 1.0 that says how a job ended.</summary>
/// <param name="Id">
/// The same for each delivery, and another one for a later job of the same name: a receiver that remembers it takes an end once.
/// </param>
/// <param name="Source">The storage account, as <c>/nanodet/ACCOUNT</c>.</param>
/// <param name="Subject">The manifest, as <c>CONTAINER/JOB/manifest.json</c>.</param>
/// <param name="Time">When the job ended, in UTC.</param>
/// <param name="Data">How it ended.</param>
internal sealed record JobEndEvent(string Id, string Source, string Subject, DateTimeOffset Time, JobEndData Data)
{
    /// <summary>The event's type.</summary>
    internal const string EventType = "Nanodet.JobEnded";

    /// <summary>Always 1.0.</summary>
    public string Specversion { get; } = "1.0";

    /// <summary>Always <see cref="EventType"/>.</summary>
    public string Type { get; } = EventType;

    /// <summary>Always JSON.</summary>
    public string Datacontenttype { get; } = "application/json";

    /// <summary>The event of a manifest.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="account">The storage account's name.</param>
    /// <param name="container">The container of the jobs.</param>
    /// <param name="address">The manifest's address.</param>
    internal static JobEndEvent Of(JobManifest manifest, string account, string container, Uri address) => new(
        string.Create(
            CultureInfo.InvariantCulture, $"{manifest.JobId}-{manifest.Request.CreatedUtc.ToUnixTimeMilliseconds()}"),
        $"/nanodet/{account}",
        $"{container}/{manifest.JobId}/manifest.json",
        manifest.EndedUtc,
        new JobEndData
        {
            JobId = manifest.JobId,
            State = manifest.State,
            Error = manifest.Error,
            Discovered = manifest.Discovered,
            Detected = manifest.Detected,
            Failed = manifest.Failed,
            Skipped = manifest.Skipped,
            Unprocessed = manifest.Unprocessed,
            Seconds = manifest.Seconds,
            Failures = manifest.Failures,
            Cost = manifest.Cost,
            ManifestUrl = address,
        });

    /// <summary>The event as JSON, in structured mode.</summary>
    internal byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, JobEndJson.Default.JobEndEvent);
}
