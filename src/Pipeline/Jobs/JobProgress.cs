using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>How far a job is: the state that its orchestration carries along and shows as its custom status.</summary>
public sealed record JobProgress
{
    /// <summary>Pages that were listed.</summary>
    public int Pages { get; init; }

    /// <summary>Images on those pages.</summary>
    public long Discovered { get; init; }

    /// <summary>Folder markers, and blobs that the filter or <c>onlyFailed</c> left out.</summary>
    public long Filtered { get; init; }

    /// <summary>Images with detections.</summary>
    public long Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public long Failed { get; init; }

    /// <summary>Images whose result was there already.</summary>
    public long Skipped { get; init; }

    /// <summary>Whether every page was listed.</summary>
    public bool IsListed { get; init; }

    /// <summary>When the job began, in UTC.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>Adds a listed page.</summary>
    public JobProgress Add(JobPage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return this with
        {
            Pages = Pages + 1,
            Discovered = Discovered + page.Count,
            Filtered = Filtered + page.Filtered,
            IsListed = page.NextToken is null,
        };
    }

    /// <summary>Adds finished images.</summary>
    public JobProgress Add(BatchCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return this with
        {
            Detected = Detected + counts.Detected,
            Failed = Failed + counts.Failed,
            Skipped = Skipped + counts.Skipped,
        };
    }

    /// <summary>Images that have their record.</summary>
    public long CountProcessed() => Detected + Failed + Skipped;
}
