namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// A 3 x 3 and a 1 x 1 convolution and, where the shape allows, the identity, each normalised, summed and activated. In evaluation
/// mode they are one 3 x 3 convolution (<c>nanodet/model/module/conv.py</c>, RepVGGConvModule).
/// </summary>
/// <param name="OutChannels">Output channels.</param>
/// <param name="Stride">Step of the kernels.</param>
/// <param name="Groups">Channel groups.</param>
/// <param name="Activation">The activation.</param>
internal sealed record RepVggBlock(int OutChannels, int Stride, int Groups, Activation Activation)
{
    private const int Kernel = 3;
    private const int Taps = Kernel * Kernel;
    private const int Centre = Taps / 2;

    /// <summary>Writes the block.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        var deployed = network.Weights.Has($"{name}.rbr_reparam.weight");
        x = network.Convolution(x, new ConvolutionLayer($"{name}.rbr_reparam", OutChannels, Kernel)
        {
            Stride = Stride,
            Padding = 1,
            Groups = Groups,
            Bias = true,
            Fused = deployed ? null : inChannels => Fuse(network.Weights, name, inChannels),
        });
        return network.Activate(x, Activation, $"{name}.act");
    }

    private (float[] Weight, float[] Bias) Fuse(WeightBinder weights, string name, int inChannels)
    {
        var perGroup = inChannels / Groups;

        // The oldest releases named the members of a branch, later ones number them.
        var (convolution, norm) = weights.Has($"{name}.rbr_dense.conv.weight") ? ("conv", "bn") : ("0", "1");
        var dense = weights.Take($"{name}.rbr_dense.{convolution}.weight", OutChannels, perGroup, Kernel, Kernel);
        var denseNorm = BatchNorm.Read(weights, $"{name}.rbr_dense.{norm}", OutChannels);
        var point = weights.Take($"{name}.rbr_1x1.{convolution}.weight", OutChannels, perGroup, 1, 1);
        var pointNorm = BatchNorm.Read(weights, $"{name}.rbr_1x1.{norm}", OutChannels);
        BatchNorm? identityNorm = OutChannels == inChannels && Stride == 1
            ? BatchNorm.Read(weights, $"{name}.rbr_identity", inChannels)
            : null;

        var weight = new float[dense.Length];
        var bias = new float[OutChannels];
        for (var output = 0; output < OutChannels; output++)
        {
            for (var input = 0; input < perGroup; input++)
            {
                var first = ((output * perGroup) + input) * Taps;
                for (var tap = 0; tap < Taps; tap++)
                {
                    var value = dense[first + tap] * denseNorm.Scale(output);
                    if (tap == Centre)
                    {
                        value += point[(output * perGroup) + input] * pointNorm.Scale(output);
                        value += input == output % perGroup ? identityNorm?.Scale(output) ?? 0 : 0;
                    }

                    weight[first + tap] = (float)value;
                }
            }

            bias[output] = (float)(denseNorm.Shift(output) + pointNorm.Shift(output) + (identityNorm?.Shift(output) ?? 0));
        }

        return (weight, bias);
    }
}
