using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>One page of a job: how many images, where their list lies, and how to go on.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Page">From 0.</param>
/// <param name="Blob">The list in container <c>staging</c>; it exists even when it is empty.</param>
/// <param name="Count">Images in the list.</param>
/// <param name="Filtered">Folder markers of the page, and blobs that the filter or <c>onlyFailed</c> left out.</param>
/// <param name="NextToken">The continuation token of the next page; null behind the last.</param>
/// <param name="Results">The NDJSON in container <c>jobs</c> that takes this page's results.</param>
public sealed record JobPage(string JobId, int Page, string Blob, int Count, int Filtered, string? NextToken, string Results)
{
    /// <summary>The batches of this page. Pure, so that an orchestrator may call it.</summary>
    public IReadOnlyList<BatchReference> Split(JobDefinition job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var batches = new List<BatchReference>((Count + job.BatchSize - 1) / job.BatchSize);
        for (var offset = 0; offset < Count; offset += job.BatchSize)
        {
            batches.Add(new BatchReference
            {
                BatchId = BatchNames.JobBatchId(JobId, Page, offset),
                Blob = Blob,
                Offset = offset,
                Count = Math.Min(job.BatchSize, Count - offset),
                JobId = JobId,
                Page = Page,
                Results = Results,
                Options = job.Options,
                Force = job.Force || job.OnlyFailed,
                Pictures = job.Pictures,
                Traceparent = job.Traceparent,
            });
        }

        return batches;
    }
}
