using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Reconciliation;

/// <summary>Which images the reconciliation looks at. Section <c>Nanodet:Reconcile</c>.</summary>
public sealed record ReconcileOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Reconcile";

    /// <summary>Images that changed longer ago are left alone.</summary>
    /// <value>1 minute to 365 days; default 2 days.</value>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan LookBack { get; init; } = TimeSpan.FromDays(2);

    /// <summary>Images that changed more recently may still be on their way.</summary>
    /// <value>0 to 7 days; default 30 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A run ends after the page of its list in which this time has passed; the next goes on there.</summary>
    /// <value>1 second to 1 hour; default 5 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A run ends after the page of its list in which it has queued so many images; the next goes on there.</summary>
    /// <value>1 to 1,000,000 images; default 5000.</value>
    [Range(1, 1_000_000)]
    public int MaxImages { get; init; } = 5000;
}
