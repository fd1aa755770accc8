namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// What things cost on a CPU in one thread, in multiply-adds of a pointwise convolution over the blocked layout. Ratios of measured
/// times; they only decide between graphs that compute the same.
/// </summary>
internal static class Costs
{
    /// <summary>Channels of a block of ONNX Runtime's blocked layout with AVX-512; 8 elsewhere, which divides it.</summary>
    public const int Block = 16;

    /// <summary>The smallest number of channels that is worth a block of its own.</summary>
    public const int SmallestPadded = 8;

    /// <summary>Starting one more node.</summary>
    public const long Node = 400_000;

    /// <summary>Copying one value from one tensor into another.</summary>
    public const long Copy = 24;

    /// <summary>One multiply-add of a depthwise convolution.</summary>
    public const double Depthwise = 1.5;

    /// <summary>
    /// Whether an operator makes ONNX Runtime leave the blocked layout, while each value costs it an exponential: padding is only more
    /// to compute then, and there is no chain of blocks to keep together.
    /// </summary>
    public static bool IsDear(string type) => type is "Elu" or "Selu";

    /// <summary>The number of channels that is computed where so many are asked for.</summary>
    public static int Padded(int channels) => (channels + Block - 1) / Block * Block;

    /// <summary>
    /// How many outputs of a convolution would take the time that so many take. Four blocks of outputs are computed at a time; what is left
    /// over reads the same inputs for fewer.
    /// </summary>
    public static double Outputs(int channels)
    {
        var blocks = Padded(channels) / Block;
        var (sets, rest) = Math.DivRem(blocks, 4);
        return Block * ((4 * sets) + rest switch { 1 => 1.6, 2 => 2.3, 3 => 3.1, _ => 0 });
    }

    /// <summary>What one more input channel costs a node that reads it; nothing where the node only passes it on.</summary>
    public static double PerChannel(PlainGraph graph, PlainNode reader)
    {
        if (reader.Kind is not (NodeKind.Mixing or NodeKind.Depthwise))
        {
            return 0;
        }

        var weight = graph.Constant(reader.Weight)!.Dims;
        var taps = (double)weight[2] * weight[3] * graph.ShapeOf(reader.Output)!.Value.Pixels;
        var work = reader.Kind == NodeKind.Depthwise ? Depthwise * taps : Outputs((int)weight[0]) * taps;
        return work + (Copy * graph.ShapeOf(reader.Maps[0])!.Value.Pixels);
    }
}
