using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>EfficientNet-Lite 0 to 4 (<c>nanodet/model/backbone/efficientnet_lite.py</c>).</summary>
/// <param name="Width">Factor of the channels.</param>
/// <param name="Depth">Factor of the repetitions.</param>
/// <param name="OutStages">The stages whose output the neck takes, of 0 to 6.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record EfficientNetLite(double Width, double Depth, IReadOnlyList<int> OutStages, Activation Activation) : Backbone
{
    private const int StemChannels = 32;
    private static readonly Normalization Norm = new(Epsilon: 1e-3);

    private static readonly (int Repeats, int Kernel, int Stride, int Expand, int Channels)[] Stages =
        [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)];

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new EfficientNetLite Read(ConfigNode node)
    {
        var name = node.Text("model_name");
        var (width, depth) = name switch
        {
            "efficientnet_lite0" => (1.0, 1.0),
            "efficientnet_lite1" => (1.0, 1.1),
            "efficientnet_lite2" => (1.1, 1.2),
            "efficientnet_lite3" => (1.2, 1.4),
            "efficientnet_lite4" => (1.4, 1.8),
            _ => throw node.Required("model_name").Invalid($"efficientnet_lite0 to efficientnet_lite4 was expected, '{name}' was found"),
        };
        return new EfficientNetLite(width, depth, ReadStages(node, [2, 4, 6], 0, 6), ReadActivation(node, Activation.ReLU6));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = network.Convolution(image, new ConvolutionLayer($"{Name}.stem.0", StemChannels, 3)
        {
            Stride = 2,
            Padding = 1,
            Norm = Norm,
            NormName = $"{Name}.stem.1",
        });
        x = network.Activate(x, Activation, $"{Name}.stem.2");

        var outputs = new List<FeatureMap>();
        for (var stage = 0; stage < Stages.Length; stage++)
        {
            var (repeats, kernel, stride, expand, channels) = Stages[stage];

            // The first and the last stage are not repeated, whatever the depth.
            var blocks = stage == 0 || stage == Stages.Length - 1 ? repeats : (int)Math.Ceiling(Depth * repeats);
            for (var block = 0; block < blocks; block++)
            {
                x = Block(
                    network,
                    x,
                    $"{Name}.blocks.{stage}.{block}",
                    Channels.Divisible(channels * Width, 8),
                    kernel,
                    block == 0 ? stride : 1,
                    expand);
            }

            if (OutStages.Contains(stage))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }

    private FeatureMap Block(NetworkBuilder network, FeatureMap x, string name, int outChannels, int kernel, int stride, int expand)
    {
        var inner = x;
        if (expand != 1)
        {
            inner = Convolution(network, inner, $"{name}._expand_conv", $"{name}._bn0", x.Channels * expand, 1);
            inner = network.Activate(inner, Activation, $"{name}._relu");
        }

        inner = network.Convolution(inner, new ConvolutionLayer($"{name}._depthwise_conv", inner.Channels, kernel)
        {
            Stride = stride,
            Padding = (kernel - 1) / 2,
            Groups = inner.Channels,
            Norm = Norm,
            NormName = $"{name}._bn1",
        });
        inner = network.Activate(inner, Activation, $"{name}._relu");
        inner = Convolution(network, inner, $"{name}._project_conv", $"{name}._bn2", outChannels, 1);
        return stride == 1 && x.Channels == outChannels ? network.Add(inner, x, name) : inner;
    }

    private static FeatureMap Convolution(NetworkBuilder network, FeatureMap x, string name, string norm, int outChannels, int kernel) =>
        network.Convolution(x, new ConvolutionLayer(name, outChannels, kernel) { Norm = Norm, NormName = norm });
}
