using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>ShuffleNetV2 in its four sizes (<c>nanodet/model/backbone/shufflenetv2.py</c>).</summary>
/// <param name="Channels">Output channels of the stages 2, 3 and 4.</param>
/// <param name="LastChannels">Output channels of the optional last convolution.</param>
/// <param name="OutStages">The stages whose output the neck takes, of 2 to 4.</param>
/// <param name="WithLastConv">Whether stage 4 ends in a pointwise convolution.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record ShuffleNetV2(
    IReadOnlyList<int> Channels, int LastChannels, IReadOnlyList<int> OutStages, bool WithLastConv, Activation Activation) : Backbone
{
    private const int StemChannels = 24;
    private static readonly int[] Repeats = [4, 8, 4];

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new ShuffleNetV2 Read(ConfigNode node)
    {
        var size = node.Text("model_size", "1.5x");
        var (channels, last) = size switch
        {
            "0.5x" => (new[] { 48, 96, 192 }, 1024),
            "1.0x" => ([116, 232, 464], 1024),
            "1.5x" => ([176, 352, 704], 1024),
            "2.0x" => ([244, 488, 976], 2048),
            _ => throw node.Required("model_size").Invalid($"0.5x, 1.0x, 1.5x or 2.0x was expected, '{size}' was found"),
        };
        node.Optional("kernal_size");
        return new ShuffleNetV2(
            channels,
            last,
            ReadStages(node, [2, 3, 4], 2, 4),
            node.Boolean("with_last_conv", false),
            ReadActivation(node, Activation.ReLU));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = Unit(
            network,
            image,
            $"{Name}.conv1",
            new ConvolutionLayer($"{Name}.conv1.0", StemChannels, 3) { Stride = 2, Padding = 1 },
            activate: true);
        x = network.MaxPool(x, $"{Name}.maxpool", kernel: 3, stride: 2, padding: 1);

        var outputs = new List<FeatureMap>();
        for (var stage = 2; stage <= 4; stage++)
        {
            var name = $"{Name}.stage{stage}";
            for (var block = 0; block < Repeats[stage - 2]; block++)
            {
                x = Block(network, x, $"{name}.{block}", Channels[stage - 2], downsample: block == 0);
            }

            if (stage == 4 && WithLastConv)
            {
                x = Unit(network, x, $"{name}.conv5", new ConvolutionLayer($"{name}.conv5.0", LastChannels, 1), activate: true);
            }

            if (OutStages.Contains(stage))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }

    private FeatureMap Block(NetworkBuilder network, FeatureMap x, string name, int outChannels, bool downsample)
    {
        var half = outChannels / 2;
        FeatureMap first, second;
        if (downsample)
        {
            first = Unit(network, x, $"{name}.branch1", Depthwise($"{name}.branch1.0", x.Channels, stride: 2), activate: false);
            first = Unit(network, first, $"{name}.branch1", new ConvolutionLayer($"{name}.branch1.2", half, 1), activate: true);
            second = x;
        }
        else
        {
            (first, second) = network.Split(x, half, $"{name}.chunk");
        }

        second = Unit(network, second, $"{name}.branch2", new ConvolutionLayer($"{name}.branch2.0", half, 1), activate: true);
        second = Unit(network, second, $"{name}.branch2", Depthwise($"{name}.branch2.3", half, downsample ? 2 : 1), activate: false);
        second = Unit(network, second, $"{name}.branch2", new ConvolutionLayer($"{name}.branch2.5", half, 1), activate: true);
        return network.ShuffleChannels(network.Concat(first, second, $"{name}.concat"), groups: 2, $"{name}.shuffle");
    }

    /// <summary>
    /// A convolution, its normalisation and perhaps an activation, all three members of one sequential module: their names are
    /// the convolution's index and the two that follow.
    /// </summary>
    private FeatureMap Unit(NetworkBuilder network, FeatureMap x, string module, ConvolutionLayer layer, bool activate)
    {
        var index = int.Parse(layer.Name[(layer.Name.LastIndexOf('.') + 1)..]);
        x = network.Convolution(x, layer with { Norm = Normalization.Batch, NormName = $"{module}.{index + 1}" });
        return activate ? network.Activate(x, Activation, $"{module}.{index + 2}") : x;
    }

    private static ConvolutionLayer Depthwise(string name, int channels, int stride) =>
        new(name, channels, 3) { Stride = stride, Padding = 1, Groups = channels };
}
