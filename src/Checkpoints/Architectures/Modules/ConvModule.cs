namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// Convolution, normalisation, activation under the names <c>conv</c>, <c>bn</c> or <c>gn</c>, and <c>act</c>; without normalisation the
/// convolution has a bias (<c>nanodet/model/module/conv.py</c>, ConvModule).
/// </summary>
internal sealed record ConvModule(int OutChannels, int Kernel, Normalization? Norm, Activation Activation)
{
    /// <summary>Step of the kernel.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros on each side.</summary>
    public int Padding { get; init; }

    /// <summary>Writes the module.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        x = network.Convolution(x, new ConvolutionLayer($"{name}.conv", OutChannels, Kernel)
        {
            Stride = Stride,
            Padding = Padding,
            Bias = Norm is null,
            Norm = Norm,
            NormName = Norm is null ? null : $"{name}.{Norm.ModuleName}",
        });
        return network.Activate(x, Activation, $"{name}.act");
    }
}
