using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Cli.Demo;

/// <summary>
/// Turns the NanoDet-g weights that the npm package <c>@vladmandic/human</c> ships for TensorFlow.js into a checkpoint with the
/// official tensor names, so that the demo goes the whole way of a user: checkpoint, export, detect.
/// </summary>
internal static class DemoModelImporter
{
    /// <summary>Name of the model, and of its two files without their endings.</summary>
    public const string ModelName = "nanodet-g";

    private const int RegMax = 10;
    private const int Levels = 3;
    private const int HeadChannels = 128;

    // Batch normalisation was folded into the weights. PyTorch divides by sqrt(variance + 1e-5): this variance makes it 1.
    private const float UnitVariance = 1f - 1e-5f;

    /// <summary>The tensors of the checkpoint.</summary>
    /// <param name="model">The package's model.</param>
    /// <exception cref="InvalidDataException">The model is not the one expected.</exception>
    public static IReadOnlyList<TorchTensorData> Import(TfjsGraphModel model)
    {
        var tensors = new List<TorchTensorData>();
        var index = 0;
        foreach (var name in NormalizedConvolutions())
        {
            AddNormalized(tensors, model, index++, name);
        }

        for (var level = 0; level < Levels; level++)
        {
            AddPlain(tensors, model, index++, $"fpn.lateral_convs.{level}.conv");
        }

        for (var level = 0; level < Levels; level++)
        {
            AddNormalized(tensors, model, index++, $"head.cls_convs.{level}.0");
            AddPlain(tensors, model, index++, $"head.gfl_cls.{level}");
        }

        // The official module owns these too; a head that shares its branch never reads them.
        for (var level = 0; level < Levels; level++)
        {
            const int columns = 4 * (RegMax + 1);
            tensors.Add(TorchTensorData.Float32(
                $"head.gfl_reg.{level}.weight", [columns, HeadChannels, 1, 1], new float[columns * HeadChannels]));
            tensors.Add(TorchTensorData.Float32($"head.gfl_reg.{level}.bias", [columns], new float[columns]));
        }

        tensors.Add(TorchTensorData.Float32(
            "head.distribution_project.project", [RegMax + 1], [.. Enumerable.Range(0, RegMax + 1).Select(bin => (float)bin)]));
        return tensors;
    }

    /// <summary>The config that goes with the checkpoint.</summary>
    public static byte[] ReadConfig()
    {
        using var stream = typeof(DemoModelImporter).Assembly.GetManifestResourceStream("Nanodet.Serverless.Cli.Demo.nanodet-g.yml")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>The backbone's convolutions in the order of the graph.</summary>
    private static IEnumerable<string> NormalizedConvolutions()
    {
        yield return "backbone.stages.0";
        foreach (var (stage, blocks) in ((int, int)[])[(2, 1), (3, 2), (4, 2), (5, 3)])
        {
            yield return $"backbone.stages.{stage}.in_conv";
            for (var block = 0; block < blocks; block++)
            {
                yield return $"backbone.stages.{stage}.res_blocks.{block}.in_conv";
                yield return $"backbone.stages.{stage}.res_blocks.{block}.mid_conv";
            }

            yield return $"backbone.stages.{stage}.res_out_conv";
        }
    }

    private static void AddNormalized(List<TorchTensorData> tensors, TfjsGraphModel model, int index, string module)
    {
        var (shape, kernel, bias) = Read(model, index);
        int[] channels = [bias.Length];
        tensors.Add(TorchTensorData.Float32($"{module}.conv.weight", shape, kernel));
        tensors.Add(TorchTensorData.Float32($"{module}.bn.weight", channels, Constant(bias.Length, 1f)));
        tensors.Add(TorchTensorData.Float32($"{module}.bn.bias", channels, bias));
        tensors.Add(TorchTensorData.Float32($"{module}.bn.running_mean", channels, new float[bias.Length]));
        tensors.Add(TorchTensorData.Float32($"{module}.bn.running_var", channels, Constant(bias.Length, UnitVariance)));
        tensors.Add(TorchTensorData.Int64($"{module}.bn.num_batches_tracked", 0));
    }

    private static void AddPlain(List<TorchTensorData> tensors, TfjsGraphModel model, int index, string module)
    {
        var (shape, kernel, bias) = Read(model, index);
        tensors.Add(TorchTensorData.Float32($"{module}.weight", shape, kernel));
        tensors.Add(TorchTensorData.Float32($"{module}.bias", [bias.Length], bias));
    }

    /// <summary>
    /// One convolution with its kernel turned from TensorFlow's order (height, width, in, out) to PyTorch's (out, in, height, width).
    /// </summary>
    private static (int[] Shape, float[] Kernel, float[] Bias) Read(TfjsGraphModel model, int index)
    {
        const string prefix = "PartitionedCall/convolution";
        var (kernel, bias) = model.Convolution(index == 0 ? prefix : $"{prefix}_{index}");
        if (kernel.Shape is not [var height, var width, var inputs, var outputs] || bias.Values.Length != outputs)
        {
            throw new InvalidDataException(
                $"Convolution {index} of the demo package's model has kernel [{string.Join(", ", kernel.Shape)}] "
                + $"and {bias.Values.Length} biases.");
        }

        var turned = new float[kernel.Values.Length];
        var source = 0;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                for (var input = 0; input < inputs; input++)
                {
                    for (var output = 0; output < outputs; output++)
                    {
                        turned[(((((output * inputs) + input) * height) + y) * width) + x] = kernel.Values[source++];
                    }
                }
            }
        }

        return ([outputs, inputs, height, width], turned, bias.Values);
    }

    private static float[] Constant(int length, float value)
    {
        var values = new float[length];
        Array.Fill(values, value);
        return values;
    }
}
