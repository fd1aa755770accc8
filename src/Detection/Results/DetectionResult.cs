using System.Text.Json;
using System.Text.Json.Serialization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Results;

/// <summary>
/// The result of one image as a JSON document, schema version 1. One line of it stands for itself: it names the image, the model and the
/// options.
/// </summary>
public sealed record DetectionResult
{
    /// <summary>The schema version that this type writes.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>Whether there are detections or an error.</summary>
    public required DetectionStatus Status { get; init; }

    /// <summary>The image.</summary>
    public required ResultImage Image { get; init; }

    /// <summary>The model; null in a failure that came before a model was chosen.</summary>
    public required ResultModel? Model { get; init; }

    /// <summary>The options; null in a failure that came before options were chosen.</summary>
    public required ResultOptions? Options { get; init; }

    /// <summary>Highest score first; absent in a failure.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DetectedObject>? Detections { get; init; }

    /// <summary>What was found amiss in an image that was detected all the same; absent where nothing was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DetectionNote>? Notes { get; init; }

    /// <summary>Absent unless this is a failure.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DetectionError? Error { get; init; }

    /// <summary>What ran the model; null in a failure that came before a model was chosen.</summary>
    public required string? Provider { get; init; }

    /// <summary>Images in the run that this image was part of; 0 when it came to none.</summary>
    public int BatchSize { get; init; }

    /// <summary>Milliseconds by stage.</summary>
    public StageTimings Timings { get; init; }

    /// <summary>The bulk job; null for a single image.</summary>
    public string? JobId { get; init; }

    /// <summary>When the result was made, in UTC.</summary>
    public required DateTime CreatedUtc { get; init; }

    /// <summary>Makes the result of an outcome.</summary>
    /// <param name="outcome">What became of the image.</param>
    /// <param name="image">Which image it was.</param>
    /// <param name="detector">The detector that gave the outcome.</param>
    /// <param name="createdUtc">The time of the result.</param>
    /// <param name="jobId">The bulk job, or null.</param>
    public static DetectionResult Create(
        DetectionOutcome outcome,
        ImageReference image,
        Detector detector,
        DateTimeOffset createdUtc,
        string? jobId = null)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(detector);
        return new DetectionResult
        {
            Status = outcome.Succeeded ? DetectionStatus.Detected : DetectionStatus.Failed,
            Image = new ResultImage(image.Container, image.Name, image.Etag, image.Bytes, outcome.Width, outcome.Height),
            Model = ResultModel.From(detector.Model),
            Options = ResultOptions.From(detector.Options, detector.Model),
            Detections = outcome.Detections,
            Notes = outcome.Notes,
            Error = outcome.Error,
            Provider = detector.Model.Provider.Name,
            BatchSize = outcome.RunSize,
            Timings = Rounded(outcome.Timings),
            JobId = jobId,
            CreatedUtc = createdUtc.UtcDateTime,
        };
    }

    /// <summary>The result of an image that never came to a detector, for example because its blob is gone.</summary>
    /// <param name="error">Why.</param>
    /// <param name="image">Which image it was.</param>
    /// <param name="createdUtc">The time of the result.</param>
    /// <param name="jobId">The bulk job, or null.</param>
    public static DetectionResult CreateFailure(
        DetectionError error,
        ImageReference image,
        DateTimeOffset createdUtc,
        string? jobId = null)
    {
        ArgumentNullException.ThrowIfNull(error);
        ArgumentNullException.ThrowIfNull(image);
        return new DetectionResult
        {
            Status = DetectionStatus.Failed,
            Image = new ResultImage(image.Container, image.Name, image.Etag, image.Bytes, null, null),
            Model = null,
            Options = null,
            Error = error,
            Provider = null,
            JobId = jobId,
            CreatedUtc = createdUtc.UtcDateTime,
        };
    }

    /// <summary>Reads what <see cref="ToUtf8Json"/> wrote.</summary>
    /// <param name="utf8Json">One JSON object, UTF-8.</param>
    /// <returns>The result.</returns>
    /// <exception cref="JsonException">The text is not such a result.</exception>
    public static DetectionResult Parse(ReadOnlySpan<byte> utf8Json) =>
        JsonSerializer.Deserialize(utf8Json, ResultJson.Default.DetectionResult)
            ?? throw new JsonException("Expected a result, found null.");

    /// <summary>One compact line of UTF-8 JSON.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, ResultJson.Default.DetectionResult);

    /// <summary>Microseconds are what the clock is good for.</summary>
    private static StageTimings Rounded(StageTimings timings) => new(
        Math.Round(timings.DecodeMs, 3),
        Math.Round(timings.PreprocessMs, 3),
        Math.Round(timings.InferenceMs, 3),
        Math.Round(timings.PostprocessMs, 3));
}
