namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// Two ghost modules with an optional depthwise convolution and squeeze-and-excitation between them, and a shortcut, which is a
/// separable convolution where size or channels change (<c>nanodet/model/backbone/ghostnet.py</c>, GhostBottleneck).
/// </summary>
/// <param name="MiddleChannels">Channels between the ghost modules.</param>
/// <param name="OutChannels">Output channels.</param>
/// <param name="Kernel">Side of the depthwise kernels.</param>
/// <param name="Activation">Activation of the first ghost module.</param>
internal sealed record GhostBottleneck(int MiddleChannels, int OutChannels, int Kernel, Activation Activation)
{
    /// <summary>Step of the depthwise kernels.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Ratio of squeeze-and-excitation; 0 for none.</summary>
    public double SqueezeRatio { get; init; }

    /// <summary>Writes the block.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        var middle = new GhostModule(MiddleChannels, Activation).Build(network, x, $"{name}.ghost1");
        if (Stride > 1)
        {
            middle = Depthwise(network, middle, $"{name}.conv_dw", $"{name}.bn_dw");
        }

        if (SqueezeRatio > 0)
        {
            middle = new SqueezeExcite(SqueezeRatio).Build(network, middle, $"{name}.se");
        }

        var projected = new GhostModule(OutChannels, Activation.None).Build(network, middle, $"{name}.ghost2");
        return network.Add(projected, Shortcut(network, x, name), name);
    }

    private FeatureMap Shortcut(NetworkBuilder network, FeatureMap x, string name) =>
        Stride == 1 && x.Channels == OutChannels
            ? x
            : network.Convolution(
                Depthwise(network, x, $"{name}.shortcut.0", $"{name}.shortcut.1"),
                new ConvolutionLayer($"{name}.shortcut.2", OutChannels, 1) { Norm = Normalization.Batch, NormName = $"{name}.shortcut.3" });

    private FeatureMap Depthwise(NetworkBuilder network, FeatureMap x, string name, string norm) =>
        network.Convolution(x, new ConvolutionLayer(name, x.Channels, Kernel)
        {
            Stride = Stride,
            Padding = (Kernel - 1) / 2,
            Groups = x.Channels,
            Norm = Normalization.Batch,
            NormName = norm,
        });
}
