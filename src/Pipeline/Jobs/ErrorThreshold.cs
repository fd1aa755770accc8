using System.Globalization;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>How many failures end a job: a count, a share of the images so far, or never.</summary>
/// <param name="Value">The largest number or percentage of failures that a job goes on with; -1 for any.</param>
/// <param name="IsPercent">Whether <paramref name="Value"/> is a percentage, 0 to 100.</param>
[JsonConverter(typeof(ErrorThresholdConverter))]
public readonly record struct ErrorThreshold(double Value, bool IsPercent)
{
    /// <summary>No number of failures ends the job.</summary>
    public static ErrorThreshold Never { get; } = new(-1, IsPercent: false);

    /// <summary>Reads <c>"10"</c>, <c>"5%"</c> or <c>"-1"</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/>.</exception>
    public static ErrorThreshold Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var number = text.AsSpan().Trim();
        var isPercent = number.EndsWith("%");
        if (isPercent)
        {
            number = number[..^1].TrimEnd();
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        return double.TryParse(number, Style, CultureInfo.InvariantCulture, out var value)
            ? Create(value, isPercent, text)
            : throw Invalid(text);
    }

    /// <summary>True when there are too many failures.</summary>
    /// <param name="failed">Failures so far.</param>
    /// <param name="processed">Images so far, failures included.</param>
    public bool IsExceeded(long failed, long processed) => this switch
    {
        { Value: < 0 } => false,
        { IsPercent: true } => failed * 100.0 > Value * processed,
        _ => failed > Value,
    };

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        IsPercent ? string.Create(CultureInfo.InvariantCulture, $"{Value:R}%") : Value.ToString("R", CultureInfo.InvariantCulture);

    internal static ErrorThreshold Create(double value, bool isPercent, string text)
    {
        var isValid = isPercent
            ? value is >= 0 and <= 100
            : value is -1 || (value is >= 0 and <= 1e15 && Math.Floor(value) == value);
        return isValid ? new ErrorThreshold(value, isPercent) : throw Invalid(text);
    }

    private static PipelineException Invalid(string text) => new(
        PipelineErrorCodes.InvalidRequest,
        $"errorThreshold: expected a count from 0, a percentage from 0% to 100%, or -1, found '{text}'.");
}
