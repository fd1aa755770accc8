using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>What a bulk job is to detect, and how: the body of <c>POST /api/jobs</c>.</summary>
public sealed record JobRequest
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>
    /// The id of the job, of the caller's choice: sending the same request again starts nothing and says how far the job is. Null for a new
    /// id, which begins with the time. The latest jobs are those with the greatest ids.
    /// </summary>
    /// <value>1 to 64 letters, digits and hyphens, none of them at an end; or null.</value>
    public string? Id { get; init; }

    /// <summary>Every image of the container: said by name where neither a prefix nor a filter is.</summary>
    public bool All { get; init; }

    /// <summary>The container of the images; null for the app's.</summary>
    public string? Container { get; init; }

    /// <summary>Only blobs whose name begins so; null or empty for all.</summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// A glob that the part of a name behind the prefix's last slash has to match, for example <c>**/*.jpg</c>; null for all.
    /// </summary>
    public string? Filter { get; init; }

    /// <summary>How to detect; null for the app's settings.</summary>
    public DetectionRequestOptions? Options { get; init; }

    /// <summary>Detect images even where a result of the same identity is there.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Take only images whose record says failed, and detect those again; those at which workers crashed only with
    /// <see cref="IncludeCrashed"/>.
    /// </summary>
    public bool OnlyFailed { get; init; }

    /// <summary>With <see cref="OnlyFailed"/>: take also images whose record says <c>worker_crashed</c>.</summary>
    public bool IncludeCrashed { get; init; }

    /// <summary>With <see cref="OnlyFailed"/>: take only images whose record has one of these failure codes; null for all.</summary>
    public TextList? FailureCodes { get; init; }

    /// <summary>
    /// With <see cref="OnlyFailed"/>: leave out images that cannot get better, because the same bytes failed for what they are.
    /// </summary>
    public bool OnlyRetryable { get; init; }

    /// <summary>
    /// The names of the images, in place of every image of the container: as many as a request has room for. More of them lie in a
    /// <see cref="List"/>.
    /// </summary>
    public TextList? Images { get; init; }

    /// <summary>
    /// A blob in container <c>jobs</c>, under <c>_lists/</c>, with the names of the images, one a line: a name, a JSON text, or an object
    /// with <c>name</c>.
    /// </summary>
    public string? List { get; init; }

    /// <summary>Formats that the results are exported in when the job ends, beside its manifest; null for none.</summary>
    /// <value>Names such as <c>coco</c> and <c>csv</c>.</value>
    public TextList? Outputs { get; init; }

    /// <summary>Pictures of the images that the job detects: <c>boxes</c>, <c>thumbnails</c> or <c>both</c>.</summary>
    /// <value>Null for none.</value>
    public BatchPictures? Pictures { get; init; }

    /// <summary>Where the end of the job is posted, in place of the app's address.</summary>
    /// <value>An address with https whose host the app's settings list, or null.</value>
    public string? Webhook { get; init; }

    /// <summary>When to end the job early: a count, a percentage such as <c>"5%"</c>, or -1 for never.</summary>
    /// <value>Null for never: a source-generated contract knows no other default of an init-only property.</value>
    public ErrorThreshold? ErrorThreshold { get; init; }

    /// <summary>Blobs that are listed at a time.</summary>
    /// <value>1 to 5000, or null for the app's setting.</value>
    public int? PageSize { get; init; }

    /// <summary>Pages that are worked on at the same time.</summary>
    /// <value>1 to 64, or null for the app's setting.</value>
    public int? PagesInFlight { get; init; }

    /// <summary>The most images of a batch.</summary>
    /// <value>1 to 1000, or null for the app's setting.</value>
    public int? BatchSize { get; init; }
}
