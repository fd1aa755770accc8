using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The steps of <see cref="DetectFolder"/>. An activity may run twice: the second time changes nothing.</summary>
/// <param name="pager">Lists pages.</param>
/// <param name="exporter">Writes exports.</param>
/// <param name="writer">Writes manifests.</param>
public sealed class JobActivities(JobPager pager, JobExporter exporter, ManifestWriter writer)
{
    /// <summary>The name of <see cref="ListAsync"/>.</summary>
    public const string List = "ListImages";

    /// <summary>The name of <see cref="ExportAsync"/>.</summary>
    public const string Export = "WriteExports";

    /// <summary>The name of <see cref="WriteAsync"/>.</summary>
    public const string Write = "WriteManifest";

    /// <summary>Lists one page of a job into staging; a page that was listed stays.</summary>
    [Function(List)]
    public Task<JobPage> ListAsync([ActivityTrigger] JobPageRequest request, CancellationToken cancellationToken) =>
        pager.ListAsync(request, cancellationToken);

    /// <summary>Writes a part of a job's results in each format that the job asks for.</summary>
    [Function(Export)]
    public Task<IReadOnlyList<JobOutput>> ExportAsync([ActivityTrigger] JobExport part, CancellationToken cancellationToken) =>
        exporter.WriteAsync(part, cancellationToken);

    /// <summary>Ends a job: its NDJSON, its manifest.</summary>
    [Function(Write)]
    public async Task<JobOutcome> WriteAsync([ActivityTrigger] JobEnd end, CancellationToken cancellationToken)
    {
        var manifest = await writer.WriteAsync(end, cancellationToken);
        return new JobOutcome(manifest.State, manifest.Error);
    }
}
