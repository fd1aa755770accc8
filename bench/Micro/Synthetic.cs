using Nanodet.Serverless.Pipeline.Models;

namespace Nanodet.Serverless.Bench.Micro;

/// <summary>A model's description and its output, without the model.</summary>
internal static class Synthetic
{
    /// <summary>What nanodet-plus-m_416 is.</summary>
    internal static ModelDescription Model() => new()
    {
        Name = "nanodet-plus-m_416",
        Head = HeadKind.Plus,
        ClassNames = [.. Enumerable.Range(0, 80).Select(i => $"class {i}")],
        Strides = [8, 16, 32, 64],
        RegMax = 7,
        Input = new ModelInput(416, 416, KeepRatio: false),
        Mean = [103.53, 116.28, 123.675],
        Std = [57.375, 57.12, 58.395],
    };

    /// <summary>An output with 128 objects on a grid, of each of which four neighbouring points are sure; the other scores are low.</summary>
    internal static float[] Output(ModelDescription model)
    {
        var random = new Random(1);
        var output = new float[model.PointCount(416, 416) * model.Columns];
        for (var i = 0; i < output.Length; i++)
        {
            output[i] = i % model.Columns < model.ClassNames.Count ? random.NextSingle() * 0.1f : random.NextSingle() - 0.5f;
        }

        for (var item = 0; item < 128; item++)
        {
            var (row, column, classId) = (item / 12 * 4, item % 12 * 4, random.Next(model.ClassNames.Count));
            foreach (var (y, x) in ((int, int)[])[(row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1)])
            {
                output[(((y * 52) + x) * model.Columns) + classId] = 0.4f + (random.NextSingle() * 0.5f);
            }
        }

        return output;
    }
}
