namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>What became of a page, or of all pages so far.</summary>
/// <param name="Discovered">Images that were listed.</param>
/// <param name="Detected">Images with detections, of which there may be none.</param>
/// <param name="Failed">Images with a failure record.</param>
/// <param name="Skipped">Images whose record was there already.</param>
public sealed record PageCounts(long Discovered, long Detected, long Failed, long Skipped)
{
    /// <summary>Nothing yet.</summary>
    public static PageCounts Zero { get; } = new(0, 0, 0, 0);

    /// <summary>The sum.</summary>
    public static PageCounts operator +(PageCounts a, PageCounts b) => Add(a, b);

    /// <summary>The sum.</summary>
    public static PageCounts Add(PageCounts a, PageCounts b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new PageCounts(a.Discovered + b.Discovered, a.Detected + b.Detected, a.Failed + b.Failed, a.Skipped + b.Skipped);
    }
}
