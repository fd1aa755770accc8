using System.Runtime.InteropServices;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;

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

    /// <summary>Smooth noise: random colours 8 pixels apart, and what lies between them.</summary>
    internal static byte[] Jpeg(int width, int height)
    {
        var random = new Random(1);
        var grid = new float[(height / 8) + 2, (width / 8) + 2, 3];
        foreach (ref var value in MemoryMarshal.CreateSpan(ref grid[0, 0, 0], grid.Length))
        {
            value = random.Next(256);
        }

        using var pixels = new PixelBuffer(width, height);
        for (var y = 0; y < height; y++)
        {
            var row = pixels.Row(y);
            for (var i = 0; i < row.Length; i++)
            {
                var (x, channel) = (i / 3, i % 3);
                var (fx, fy) = (x % 8 / 8f, y % 8 / 8f);
                var top = float.Lerp(grid[y / 8, x / 8, channel], grid[y / 8, (x / 8) + 1, channel], fx);
                var bottom = float.Lerp(grid[(y / 8) + 1, x / 8, channel], grid[(y / 8) + 1, (x / 8) + 1, channel], fx);
                row[i] = (byte)float.Lerp(top, bottom, fy);
            }
        }

        return JpegEncoder.Encode(pixels, quality: 95);
    }

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
