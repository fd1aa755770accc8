using System.ComponentModel.DataAnnotations;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The nightly job. Section <c>Nanodet:Nightly</c>.</summary>
public sealed record NightlyOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Nightly";

    /// <summary>Whether there is one.</summary>
    /// <value>Default false.</value>
    public bool Enabled { get; init; }

    /// <summary>Only blobs whose name begins so.</summary>
    /// <value>Default empty: all.</value>
    public string Prefix { get; init; } = string.Empty;

    /// <summary>A glob, as in a job's request.</summary>
    /// <value>Default null: all.</value>
    public string? Filter { get; init; }

    /// <summary>A failure threshold, as in a job's request.</summary>
    /// <value>A count, a percentage or -1; default -1: never.</value>
    public string ErrorThreshold { get; init; } = "-1";

    /// <summary>What cannot be read stops the start, not the timer at night.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? problem = null;
        try
        {
            _ = Pipeline.Jobs.ErrorThreshold.Parse(ErrorThreshold);
        }
        catch (PipelineException exception)
        {
            problem = exception.Message;
        }

        if (problem is not null)
        {
            yield return new ValidationResult(problem, [nameof(ErrorThreshold)]);
        }

        if (JobStore.FindScopeProblem(Prefix, Filter) is { } scope)
        {
            yield return new ValidationResult(scope, [nameof(Prefix), nameof(Filter)]);
        }
    }
}
