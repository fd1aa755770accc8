using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Defaults of bulk jobs. Section <c>Nanodet:Jobs</c>.</summary>
public sealed record JobOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Jobs";

    /// <summary>Blobs that are listed at a time.</summary>
    /// <value>1 to 5000 blobs; default 1000.</value>
    [Range(1, 5000)]
    public int PageSize { get; init; } = 1000;

    /// <summary>Pages that are worked on at the same time.</summary>
    /// <value>1 to 64 pages; default 4.</value>
    [Range(1, 64)]
    public int PagesInFlight { get; init; } = 4;

    /// <summary>The most images of a batch of a job.</summary>
    /// <value>1 to 1000 images; default 64.</value>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 64;
}
