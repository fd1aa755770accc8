using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>How many failures end a job: a count, a share of the images so far, or never.</summary>
/// <param name="Value">The largest number or percentage of failures that is borne; -1 for any.</param>
/// <param name="IsPercent">Whether <paramref name="Value"/> is a percentage, 0 to 100.</param>
[JsonConverter(typeof(ErrorThresholdConverter))]
public readonly record struct ErrorThreshold(double Value, bool IsPercent)
{
    /// <summary>No number of failures ends the job.</summary>
    public static ErrorThreshold Never { get; } = new(-1, IsPercent: false);

    /// <summary>Reads <c>"10"</c>, <c>"5%"</c> or <c>"-1"</c>.</summary>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/>.</exception>
    public static ErrorThreshold Parse(string text) => throw new NotImplementedException();

    /// <summary>True when there are too many failures.</summary>
    /// <param name="failed">Failures so far.</param>
    /// <param name="processed">Images so far, failures included.</param>
    public bool IsExceeded(long failed, long processed) => throw new NotImplementedException();

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => throw new NotImplementedException();
}
