using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.JobEnds;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The steps of <see cref="DetectFolder"/>. An activity may run twice: the second time changes nothing.</summary>
/// <param name="pager">Lists pages.</param>
/// <param name="exporter">Writes exports.</param>
/// <param name="writer">Writes manifests.</param>
/// <param name="announcer">Says that jobs have ended.</param>
public sealed class JobActivities(JobPager pager, JobExporter exporter, ManifestWriter writer, JobEndAnnouncer announcer)
{
    /// <summary>The name of <see cref="ListAsync"/>.</summary>
    public const string List = "ListImages";

    /// <summary>The name of <see cref="ExportAsync"/>.</summary>
    public const string Export = "WriteExports";

    /// <summary>The name of <see cref="WriteAsync"/>.</summary>
    public const string Write = "WriteManifest";

    /// <summary>The name of <see cref="AnnounceAsync"/>.</summary>
    public const string Announce = "AnnounceJobEnd";

    /// <summary>Lists one page of a job into staging; a page that was listed stays.</summary>
    [Function(List)]
    public async Task<JobAnswer> ListAsync([ActivityTrigger] JobPageRequest request, CancellationToken cancellationToken) =>
        new(Listed: await pager.ListAsync(request, cancellationToken));

    /// <summary>Writes a part of a job's results in each format that the job asks for.</summary>
    [Function(Export)]
    public async Task<JobAnswer> ExportAsync([ActivityTrigger] JobExport part, CancellationToken cancellationToken) =>
        new(Outputs: await exporter.WriteAsync(part, cancellationToken));

    /// <summary>Ends a job: its NDJSON, its manifest.</summary>
    [Function(Write)]
    public async Task<JobAnswer> WriteAsync([ActivityTrigger] JobEnd end, CancellationToken cancellationToken)
    {
        var manifest = await writer.WriteAsync(end, cancellationToken);
        return new(Outcome: new JobOutcome(manifest.State, manifest.Error));
    }

    /// <summary>Says that a job has ended, to whom the settings name. A repetition says it again, under the same id.</summary>
    [Function(Announce)]
    public Task AnnounceAsync([ActivityTrigger] string jobId, CancellationToken cancellationToken) =>
        announcer.AnnounceAsync(jobId, cancellationToken);
}
