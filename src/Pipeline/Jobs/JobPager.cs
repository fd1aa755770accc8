namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Lists a job's images page by page.</summary>
public sealed class JobPager
{
    /// <summary>Lists one page into staging. A page that was listed before stays as it was.</summary>
    public Task<JobPage> ListAsync(JobPageRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();
}
