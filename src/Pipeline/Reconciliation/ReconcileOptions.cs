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
}
