using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>ResNet of 18 to 152 layers (<c>nanodet/model/backbone/resnet.py</c>).</summary>
/// <param name="Bottleneck">Blocks of three convolutions that end in four times their channels, else of two.</param>
/// <param name="Blocks">Blocks per layer.</param>
/// <param name="OutStages">The layers whose output the neck takes, of 1 to 4.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record ResNet(bool Bottleneck, IReadOnlyList<int> Blocks, IReadOnlyList<int> OutStages, Activation Activation) : Backbone
{
    private const int StemChannels = 64;

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new ResNet Read(ConfigNode node)
    {
        var depth = node.Integer("depth", null, 1, 1000);
        var (bottleneck, blocks) = depth switch
        {
            18 => (false, new[] { 2, 2, 2, 2 }),
            34 => (false, [3, 4, 6, 3]),
            50 => (true, [3, 4, 6, 3]),
            101 => (true, [3, 4, 23, 3]),
            152 => (true, [3, 8, 36, 3]),
            _ => throw node.Required("depth").Invalid($"18, 34, 50, 101 or 152 was expected, {depth} was found"),
        };
        return new ResNet(bottleneck, blocks, ReadStages(node, [1, 2, 3, 4], 1, 4), ReadActivation(node, Activation.ReLU));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = network.Convolution(image, new ConvolutionLayer($"{Name}.conv1", StemChannels, 7)
        {
            Stride = 2,
            Padding = 3,
            Norm = Normalization.Batch,
            NormName = $"{Name}.bn1",
        });
        x = network.Activate(x, Activation, $"{Name}.act");
        x = network.MaxPool(x, $"{Name}.maxpool", kernel: 3, stride: 2, padding: 1);

        var outputs = new List<FeatureMap>();
        for (var layer = 1; layer <= Blocks.Count; layer++)
        {
            for (var block = 0; block < Blocks[layer - 1]; block++)
            {
                x = Block(network, x, $"{Name}.layer{layer}.{block}", StemChannels << (layer - 1), block == 0 && layer > 1 ? 2 : 1);
            }

            if (OutStages.Contains(layer))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }

    private FeatureMap Block(NetworkBuilder network, FeatureMap x, string name, int channels, int stride)
    {
        var outChannels = Bottleneck ? channels * 4 : channels;
        FeatureMap inner;
        if (Bottleneck)
        {
            inner = network.Activate(Convolution(network, x, name, 1, channels, kernel: 1, stride: 1), Activation, $"{name}.act");
            inner = network.Activate(Convolution(network, inner, name, 2, channels, kernel: 3, stride), Activation, $"{name}.act");
            inner = Convolution(network, inner, name, 3, outChannels, kernel: 1, stride: 1);
        }
        else
        {
            inner = network.Activate(Convolution(network, x, name, 1, channels, kernel: 3, stride), Activation, $"{name}.act");
            inner = Convolution(network, inner, name, 2, outChannels, kernel: 3, stride: 1);
        }

        // The first block of a layer changes size or channels; its shortcut is a convolution then.
        var shortcut = stride == 1 && x.Channels == outChannels
            ? x
            : network.Convolution(x, new ConvolutionLayer($"{name}.downsample.0", outChannels, 1)
            {
                Stride = stride,
                Norm = Normalization.Batch,
                NormName = $"{name}.downsample.1",
            });
        return network.Activate(network.Add(inner, shortcut, name), Activation, $"{name}.act");
    }

    private static FeatureMap Convolution(
        NetworkBuilder network, FeatureMap x, string name, int index, int outChannels, int kernel, int stride) =>
        network.Convolution(x, new ConvolutionLayer($"{name}.conv{index}", outChannels, kernel)
        {
            Stride = stride,
            Padding = kernel / 2,
            Norm = Normalization.Batch,
            NormName = $"{name}.bn{index}",
        });
}
