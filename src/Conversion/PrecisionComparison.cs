using System.Text.Json;
using System.Text.Json.Serialization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Conversion;

/// <summary>What a model of lower precision detects otherwise than the float32 model, at the default score threshold.</summary>
/// <param name="Images">Photos that were compared.</param>
/// <param name="Detections">Detections of the float32 model.</param>
/// <param name="Changed">Detections of either model without a partner (same class, IoU of at least 0.9) on the other side.</param>
/// <param name="LargestScoreDifference">The largest difference of scores among partners.</param>
public sealed partial record PrecisionComparison(int Images, int Detections, int Changed, double LargestScoreDifference)
{
    private const string Step = "comparing";

    /// <summary>Compares two models on photos.</summary>
    /// <param name="original">The float32 model.</param>
    /// <param name="converted">The other one.</param>
    /// <param name="photos">The photos.</param>
    /// <param name="progress">Is told how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Ends the comparison.</param>
    /// <exception cref="ConversionException"><see cref="ConversionErrorCodes.NoImages"/>.</exception>
    internal static async Task<PrecisionComparison> MeasureAsync(
        byte[] original,
        byte[] converted,
        ICalibrationSet photos,
        IProgress<ConversionProgress>? progress,
        CancellationToken cancellationToken)
    {
        var options = new ModelOptions { Provider = ExecutionProvider.Cpu };
        using var first = NanodetModel.Load(original, options);
        using var second = NanodetModel.Load(converted, options);
        var (one, other) = (new Detector(first), new Detector(second));
        var comparison = new DetectionComparison();
        var done = 0;
        await foreach (var photo in photos.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (one.Detect(photo.Encoded.Span, cancellationToken) is { Succeeded: true, Detections: { } expected }
                && other.Detect(photo.Encoded.Span, cancellationToken).Detections is { } found)
            {
                comparison.Add(expected, found);
            }

            progress?.Report(new ConversionProgress(Step, ++done, photos.Count));
        }

        return comparison.Images > 0
            ? new PrecisionComparison(comparison.Images, comparison.Detections, comparison.Changed, comparison.LargestScoreDifference)
            : throw new ConversionException(
                ConversionErrorCodes.NoImages,
                $"{photos.Place}: expected at least one image that can be detected, found none among {photos.Count}. Give other photos.");
    }

    /// <summary>The text that the model's metadata keeps.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, Json.Default.PrecisionComparison);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(PrecisionComparison))]
    private sealed partial class Json : JsonSerializerContext;
}
