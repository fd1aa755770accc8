namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// A depthwise and a pointwise convolution, each normalised and activated by one shared activation
/// (<c>nanodet/model/module/conv.py</c>, DepthwiseConvModule).
/// </summary>
internal sealed record DepthwiseConvModule(int OutChannels, int Kernel, Normalization? Norm, Activation Activation)
{
    /// <summary>Step of the depthwise kernel.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros on each side.</summary>
    public int Padding { get; init; }

    /// <summary>Writes the module.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        x = network.Convolution(x, new ConvolutionLayer($"{name}.depthwise", x.Channels, Kernel)
        {
            Stride = Stride,
            Padding = Padding,
            Groups = x.Channels,
            Bias = Norm is null,
            Norm = Norm,
            NormName = $"{name}.dwnorm",
        });
        x = network.Activate(x, Activation, $"{name}.act");
        x = network.Convolution(x, new ConvolutionLayer($"{name}.pointwise", OutChannels, 1)
        {
            Bias = Norm is null,
            Norm = Norm,
            NormName = $"{name}.pwnorm",
        });
        return network.Activate(x, Activation, $"{name}.act");
    }
}
