namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// Half of the channels by a pointwise convolution, the other half by a cheap 3 x 3 depthwise convolution of the first
/// (<c>nanodet/model/backbone/ghostnet.py</c>, GhostModule with ratio 2).
/// </summary>
internal sealed record GhostModule(int OutChannels, Activation Activation)
{
    private const int CheapKernel = 3;

    /// <summary>Writes the module. An odd channel count becomes the next even one, as in the official module.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        var half = (OutChannels + 1) / 2;
        var primary = network.Convolution(x, new ConvolutionLayer($"{name}.primary_conv.0", half, 1)
        {
            Norm = Normalization.Batch,
            NormName = $"{name}.primary_conv.1",
        });
        primary = network.Activate(primary, Activation, $"{name}.primary_conv.2");
        var cheap = network.Convolution(primary, new ConvolutionLayer($"{name}.cheap_operation.0", half, CheapKernel)
        {
            Padding = CheapKernel / 2,
            Groups = half,
            Norm = Normalization.Batch,
            NormName = $"{name}.cheap_operation.1",
        });
        cheap = network.Activate(cheap, Activation, $"{name}.cheap_operation.2");
        return network.Concat(primary, cheap, name);
    }
}
