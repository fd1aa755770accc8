using System.Buffers;
using Nanodet.Detection.Description;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Detection.Postprocessing;

/// <summary>One image's output to detections in image pixels.</summary>
/// <param name="model">What the output is of.</param>
/// <param name="scoreThreshold">0 to 1; a score has to be greater.</param>
/// <param name="iouThreshold">Of NMS, 0 to 1.</param>
/// <param name="maxDetections">At least 1; <see cref="int.MaxValue"/> for any number.</param>
/// <param name="classThresholds">A score for each class, infinity for none of that class; null where all have the same one.</param>
internal sealed class Postprocessor(
    ModelDescription model, float scoreThreshold, float iouThreshold, int maxDetections, float[]? classThresholds = null)
{
    private readonly BoxDecoder _decoder = new(model, classThresholds is null ? scoreThreshold : Math.Min(1f, classThresholds.Min()));

    /// <summary>Decodes, suppresses, maps back through the warp and clips to the image.</summary>
    /// <param name="output">Points times columns, row-major.</param>
    /// <param name="geometry">Where the image lies in its tensor.</param>
    /// <returns>At most <c>maxDetections</c> detections, highest score first.</returns>
    internal DetectedObject[] Process(ReadOnlySpan<float> output, InputGeometry geometry)
    {
        using var candidates = new CandidateBuffer();
        _decoder.Decode(output, geometry.TensorHeight, geometry.TensorWidth, candidates);
        if (classThresholds is not null)
        {
            candidates.KeepAbove(classThresholds);
        }

        var items = candidates.Items;
        var most = Math.Min(maxDetections, items.Length);
        var places = ArrayPool<int>.Shared.Rent(most);
        try
        {
            var detections = new DetectedObject[NonMaximumSuppression.Apply(items, iouThreshold, places.AsSpan(0, most))];
            for (var i = 0; i < detections.Length; i++)
            {
                detections[i] = ToImage(items[places[i]], geometry);
            }

            return detections;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(places);
        }
    }

    private DetectedObject ToImage(in Candidate candidate, InputGeometry geometry)
    {
        var x1 = Math.Clamp(geometry.Matrix.ToImageX(candidate.X1), 0, geometry.ImageWidth);
        var y1 = Math.Clamp(geometry.Matrix.ToImageY(candidate.Y1), 0, geometry.ImageHeight);
        var x2 = Math.Clamp(geometry.Matrix.ToImageX(candidate.X2), 0, geometry.ImageWidth);
        var y2 = Math.Clamp(geometry.Matrix.ToImageY(candidate.Y2), 0, geometry.ImageHeight);
        return new DetectedObject(
            candidate.ClassId,
            model.ClassNames[candidate.ClassId],
            candidate.Score,
            new BoundingBox((float)x1, (float)y1, (float)(x2 - x1), (float)(y2 - y1)));
    }
}
