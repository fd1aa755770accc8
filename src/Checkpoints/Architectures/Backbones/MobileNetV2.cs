using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>Inverted residuals in seven stages (<c>nanodet/model/backbone/mobilenetv2.py</c>).</summary>
/// <param name="WidthMultiplier">Factor of the channels.</param>
/// <param name="OutStages">The stages whose output the neck takes, of 0 to 6.</param>
/// <param name="LastChannels">Channels of the convolution that ends the last stage.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record MobileNetV2(double WidthMultiplier, IReadOnlyList<int> OutStages, int LastChannels, Activation Activation) : Backbone
{
    private const int StemChannels = 32;

    private static readonly (int Expand, int Channels, int Blocks, int Stride)[] Stages =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new MobileNetV2 Read(ConfigNode node) => new(
        Positive(node, "width_mult", 1),
        ReadStages(node, [1, 2, 4, 6], 0, 6),
        node.Integer("last_channel", 1280, 1, 65_536),
        ReadActivation(node, Activation.ReLU));

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = Unit(network, image, $"{Name}.first_layer", (int)(StemChannels * WidthMultiplier), 3, stride: 2, groups: 1);
        var outputs = new List<FeatureMap>();
        for (var stage = 0; stage < Stages.Length; stage++)
        {
            var (expand, channels, blocks, stride) = Stages[stage];
            for (var block = 0; block < blocks; block++)
            {
                x = Block(network, x, $"{Name}.stage{stage}.{block}", (int)(channels * WidthMultiplier), block == 0 ? stride : 1, expand);
            }

            if (stage == Stages.Length - 1)
            {
                x = Unit(network, x, $"{Name}.stage{stage}.{blocks}", LastChannels, 1, stride: 1, groups: 1);
            }

            if (OutStages.Contains(stage))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }

    private FeatureMap Block(NetworkBuilder network, FeatureMap x, string name, int outChannels, int stride, int expand)
    {
        var inner = x;
        var index = 0;
        if (expand != 1)
        {
            inner = Unit(network, inner, $"{name}.conv.{index++}", x.Channels * expand, 1, stride: 1, groups: 1);
        }

        inner = Unit(network, inner, $"{name}.conv.{index++}", inner.Channels, 3, stride, groups: inner.Channels);
        inner = network.Convolution(inner, new ConvolutionLayer($"{name}.conv.{index}", outChannels, 1)
        {
            Norm = Normalization.Batch,
            NormName = $"{name}.conv.{index + 1}",
        });
        return stride == 1 && x.Channels == outChannels ? network.Add(x, inner, name) : inner;
    }

    private FeatureMap Unit(NetworkBuilder network, FeatureMap x, string name, int outChannels, int kernel, int stride, int groups)
    {
        x = network.Convolution(x, new ConvolutionLayer($"{name}.0", outChannels, kernel)
        {
            Stride = stride,
            Padding = (kernel - 1) / 2,
            Groups = groups,
            Norm = Normalization.Batch,
            NormName = $"{name}.1",
        });
        return network.Activate(x, Activation, $"{name}.2");
    }
}
