using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Heads;

/// <summary>The head of NanoDet-Plus: one branch for scores and distances (<c>nanodet/model/head/nanodet_plus_head.py</c>).</summary>
/// <param name="Kernel">Side of the kernels.</param>
internal sealed record NanodetPlusHead(int Kernel) : Head
{
    /// <inheritdoc/>
    public override HeadKind Kind => HeadKind.Plus;

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new NanodetPlusHead Read(ConfigNode node) => new(node.Integer("kernel_size", 5, 1, 63))
    {
        Classes = node.Integer("num_classes", null, 1, 10_000),
        RegMax = node.Integer("reg_max", 7, 1, 255),
        Strides = ReadStrides(node),
        InChannels = node.Integer("input_channel", null, 1, 65_536),
        FeatureChannels = node.Integer("feat_channels", 96, 1, 65_536),
        StackedConvolutions = node.Integer("stacked_convs", 2, 0, 64),
        Depthwise = node.Text("conv_type", "DWConv") != "Conv",
        Norm = Normalization.Read(node, Normalization.Batch),
        Activation = node.Activation("activation", Activation.LeakyReLU),
    };

    /// <inheritdoc/>
    protected override FeatureMap BuildLevel(NetworkBuilder network, FeatureMap x, int level)
    {
        x = Stack(network, x, "cls_convs", level, Kernel);
        return network.Convolution(x, new ConvolutionLayer($"{Name}.gfl_cls.{level}", Classes + DistanceColumns, 1) { Bias = true });
    }
}
