using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Heads;

/// <summary>
/// The head of NanoDet before Plus: separate branches for scores and distances, or one that both share
/// (<c>nanodet/model/head/nanodet_head.py</c>).
/// </summary>
/// <param name="Shared">Whether both share the classification branch.</param>
internal sealed record NanodetHead(bool Shared) : Head
{
    private const int Kernel = 3;

    /// <inheritdoc/>
    public override HeadKind Kind => HeadKind.Legacy;

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new NanodetHead Read(ConfigNode node)
    {
        RequireSigmoid(node);
        return new NanodetHead(node.Boolean("share_cls_reg", false))
        {
            Classes = node.Integer("num_classes", null, 1, 10_000),
            RegMax = node.Integer("reg_max", 16, 1, 255),
            Strides = ReadStrides(node),
            InChannels = node.Integer("input_channel", null, 1, 65_536),
            FeatureChannels = node.Integer("feat_channels", 256, 1, 65_536),
            StackedConvolutions = node.Integer("stacked_convs", 2, 0, 64),
            Depthwise = node.Text("conv_type", "DWConv") != "Conv",
            Norm = Normalization.Read(node, Normalization.Batch),
            Activation = node.Activation("activation", Activation.LeakyReLU),
        };
    }

    /// <inheritdoc/>
    protected override FeatureMap BuildLevel(NetworkBuilder network, FeatureMap x, int level)
    {
        var scores = Stack(network, x, "cls_convs", level, Kernel);
        if (Shared)
        {
            // The module owns a regression layer all the same, and never runs it.
            network.Weights.Ignore($"{Name}.gfl_reg.{level}.");
            return network.Convolution(
                scores, new ConvolutionLayer($"{Name}.gfl_cls.{level}", Classes + DistanceColumns, 1) { Bias = true });
        }

        var distances = Stack(network, x, "reg_convs", level, Kernel);
        scores = network.Convolution(scores, new ConvolutionLayer($"{Name}.gfl_cls.{level}", Classes, 1) { Bias = true });
        distances = network.Convolution(distances, new ConvolutionLayer($"{Name}.gfl_reg.{level}", DistanceColumns, 1) { Bias = true });
        return network.Concat(scores, distances, $"{Name}.level.{level}");
    }
}
