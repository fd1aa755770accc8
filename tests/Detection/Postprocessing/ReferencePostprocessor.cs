using Nanodet.Detection.Description;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Detection.Tests.Postprocessing;

/// <summary>
/// The naive twin of the postprocessing: every point of every level in double precision, one class after the other, every pair of
/// boxes compared.
/// </summary>
internal static class ReferencePostprocessor
{
    internal sealed record Result(int ClassId, double Score, double X1, double Y1, double X2, double Y2);

    internal static List<Result> Process(
        ModelDescription model,
        float[] output,
        InputGeometry geometry,
        double scoreThreshold,
        double iouThreshold,
        int maxDetections)
    {
        var boxes = new List<double[]>();
        var rows = new List<float[]>();
        foreach (var stride in model.Strides)
        {
            for (var y = 0; y * stride < geometry.TensorHeight; y++)
            {
                for (var x = 0; x * stride < geometry.TensorWidth; x++)
                {
                    var row = output.Skip(rows.Count * model.Columns).Take(model.Columns).ToArray();
                    var shift = model.Head == HeadKind.Legacy ? stride / 2.0 : 0;
                    var (centreX, centreY) = ((x * stride) + shift, (y * stride) + shift);
                    var sides = Enumerable.Range(0, 4).Select(side => stride * MeanBin(model, row, side)).ToArray();
                    boxes.Add(
                    [
                        Clip(centreX - sides[0], geometry.TensorWidth), Clip(centreY - sides[1], geometry.TensorHeight),
                        Clip(centreX + sides[2], geometry.TensorWidth), Clip(centreY + sides[3], geometry.TensorHeight),
                    ]);
                    rows.Add(row);
                }
            }
        }

        var results = new List<Result>();
        for (var classId = 0; classId < model.ClassNames.Count; classId++)
        {
            results.AddRange(OfClass(classId));
        }

        return [.. results.OrderByDescending(result => result.Score).Take(maxDetections)];

        IEnumerable<Result> OfClass(int classId)
        {
            var order = Enumerable.Range(0, rows.Count)
                .Where(point => rows[point][classId] > scoreThreshold)
                .OrderByDescending(point => rows[point][classId])
                .ToList();
            while (order.Count > 0)
            {
                var best = order[0];
                var box = boxes[best];
                yield return new Result(
                    classId,
                    rows[best][classId],
                    Clip((box[0] - geometry.Matrix.OffsetX) / geometry.Matrix.ScaleX, geometry.ImageWidth),
                    Clip((box[1] - geometry.Matrix.OffsetY) / geometry.Matrix.ScaleY, geometry.ImageHeight),
                    Clip((box[2] - geometry.Matrix.OffsetX) / geometry.Matrix.ScaleX, geometry.ImageWidth),
                    Clip((box[3] - geometry.Matrix.OffsetY) / geometry.Matrix.ScaleY, geometry.ImageHeight));
                order.RemoveAll(point => point == best || Overlap(box, boxes[point]) > iouThreshold);
            }
        }
    }

    internal static double Overlap(double[] a, double[] b)
    {
        var width = Math.Max(0, Math.Min(a[2], b[2]) - Math.Max(a[0], b[0]));
        var height = Math.Max(0, Math.Min(a[3], b[3]) - Math.Max(a[1], b[1]));
        var areas = ((a[2] - a[0]) * (a[3] - a[1])) + ((b[2] - b[0]) * (b[3] - b[1]));
        return width * height / (areas - (width * height));
    }

    private static double MeanBin(ModelDescription model, float[] row, int side)
    {
        var weights = row.Skip(model.ClassNames.Count + (side * (model.RegMax + 1))).Take(model.RegMax + 1)
            .Select(logit => Math.Exp(logit)).ToArray();
        return weights.Select((weight, bin) => weight * bin).Sum() / weights.Sum();
    }

    private static double Clip(double value, double most) => Math.Max(0, Math.Min(most, value));
}
