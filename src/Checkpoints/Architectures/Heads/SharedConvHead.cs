using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Heads;

/// <summary>
/// Two branches of 3 x 3 convolutions, one for scores and one for distances, whose weights all levels share; each level scales its
/// distances by a learned factor (<c>nanodet/model/head/gfl_head.py</c> and <c>simple_conv_head.py</c>).
/// </summary>
/// <param name="Kind">Where the centres lie, or that nothing is decoded.</param>
internal sealed record SharedConvHead(HeadKind Kind) : Head
{
    private const int Kernel = 3;
    private static readonly Normalization DefaultNorm = new(Groups: 32);

    /// <inheritdoc/>
    public override HeadKind Kind { get; } = Kind;

    /// <summary>Reads the settings of a GFLHead. Its modules are activated by ReLU, whatever the config says.</summary>
    public static SharedConvHead ReadGfl(ConfigNode node)
    {
        RequireSigmoid(node);
        return Read(node, HeadKind.Legacy, Activation.ReLU);
    }

    /// <summary>Reads the settings of a SimpleConvHead.</summary>
    public static SharedConvHead ReadSimple(ConfigNode node) =>
        Read(node, HeadKind.Raw, node.Activation("activation", Activation.LeakyReLU));

    /// <inheritdoc/>
    protected override FeatureMap BuildLevel(NetworkBuilder network, FeatureMap x, int level)
    {
        var scores = Branch(network, x, "cls_convs");
        scores = network.Convolution(scores, new ConvolutionLayer($"{Name}.gfl_cls", Classes, Kernel) { Padding = 1, Bias = true });
        var distances = Branch(network, x, "reg_convs");
        distances = network.Convolution(
            distances, new ConvolutionLayer($"{Name}.gfl_reg", DistanceColumns, Kernel) { Padding = 1, Bias = true });
        return network.Concat(scores, network.Scale(distances, $"{Name}.scales.{level}.scale"), $"{Name}.level.{level}");
    }

    private static SharedConvHead Read(ConfigNode node, HeadKind kind, Activation activation) => new(kind)
    {
        Classes = node.Integer("num_classes", null, 1, 10_000),
        RegMax = node.Integer("reg_max", 16, 1, 255),
        Strides = ReadStrides(node),
        InChannels = node.Integer("input_channel", null, 1, 65_536),
        FeatureChannels = node.Integer("feat_channels", 256, 1, 65_536),
        StackedConvolutions = node.Integer("stacked_convs", 4, 0, 64),
        Depthwise = false,
        Norm = Normalization.Read(node, DefaultNorm),
        Activation = activation,
    };

    private FeatureMap Branch(NetworkBuilder network, FeatureMap x, string branch)
    {
        for (var index = 0; index < StackedConvolutions; index++)
        {
            x = new ConvModule(FeatureChannels, Kernel, Norm, Activation) { Padding = 1 }.Build(network, x, $"{Name}.{branch}.{index}");
        }

        return x;
    }
}
