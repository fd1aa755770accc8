using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>Lists one page of a job into staging.</summary>
public sealed class ListImages(JobPager pager)
{
    /// <summary>Lists it; a page that was listed stays.</summary>
    [Function(nameof(ListImages))]
    public Task<JobPage> RunAsync([ActivityTrigger] JobPageRequest request, CancellationToken cancellationToken) =>
        pager.ListAsync(request, cancellationToken);
}
