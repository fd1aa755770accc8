using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>The result of <see cref="PublishModel"/>; the report beside the checkpoint says more.</summary>
/// <param name="Status">What became of the checkpoint.</param>
/// <param name="Model">The model as <c>name/version</c>, or null.</param>
/// <param name="Code">Why it was refused, or null.</param>
public sealed record PublishOutcome(PublishStatus Status, string? Model, string? Code)
{
    /// <summary>The outcome of a pair that is not what lies there any more.</summary>
    public static PublishOutcome None { get; } = new(PublishStatus.Superseded, null, null);

    /// <summary>The outcome that a report tells.</summary>
    public static PublishOutcome From(PublishReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new PublishOutcome(
            report.Status, report.Model is { } model ? $"{model.Name}/{model.Version}" : null, report.Error?.Code);
    }
}
