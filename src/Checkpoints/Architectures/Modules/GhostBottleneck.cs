namespace Nanodet.Serverless.Checkpoints.Architectures.Modules;

/// <summary>
/// Two ghost modules and a shortcut, which is a separable convolution where the channels change
/// (<c>nanodet/model/backbone/ghostnet.py</c>, GhostBottleneck with stride 1 and without squeeze-and-excitation).
/// </summary>
internal sealed record GhostBottleneck(int MiddleChannels, int OutChannels, int Kernel, Activation Activation)
{
    /// <summary>Writes the block.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        var middle = new GhostModule(MiddleChannels, Activation).Build(network, x, $"{name}.ghost1");
        var projected = new GhostModule(OutChannels, Activation.None).Build(network, middle, $"{name}.ghost2");
        return network.Add(projected, Shortcut(network, x, name), name);
    }

    private FeatureMap Shortcut(NetworkBuilder network, FeatureMap x, string name)
    {
        if (x.Channels == OutChannels)
        {
            return x;
        }

        var depthwise = network.Convolution(x, new ConvolutionLayer($"{name}.shortcut.0", x.Channels, Kernel)
        {
            Padding = (Kernel - 1) / 2,
            Groups = x.Channels,
            Norm = Normalization.Batch,
            NormName = $"{name}.shortcut.1",
        });
        return network.Convolution(depthwise, new ConvolutionLayer($"{name}.shortcut.2", OutChannels, 1)
        {
            Norm = Normalization.Batch,
            NormName = $"{name}.shortcut.3",
        });
    }
}
