using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>Ghost bottlenecks, some with squeeze-and-excitation (<c>nanodet/model/backbone/ghostnet.py</c>).</summary>
/// <param name="WidthMultiplier">Factor of the channels.</param>
/// <param name="OutStages">The stages whose output the neck takes, of 0 to 9.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record GhostNet(double WidthMultiplier, IReadOnlyList<int> OutStages, Activation Activation) : Backbone
{
    private const int StemChannels = 16;
    private const int Divisor = 4;

    private static readonly (int Kernel, int Expanded, int Channels, double SqueezeRatio, int Stride)[][] Stages =
    [
        [(3, 16, 16, 0, 1)],
        [(3, 48, 24, 0, 2)],
        [(3, 72, 24, 0, 1)],
        [(5, 72, 40, 0.25, 2)],
        [(5, 120, 40, 0.25, 1)],
        [(3, 240, 80, 0, 2)],
        [(3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 0.25, 1), (3, 672, 112, 0.25, 1)],
        [(5, 672, 160, 0.25, 2)],
        [(5, 960, 160, 0, 1), (5, 960, 160, 0.25, 1), (5, 960, 160, 0, 1), (5, 960, 160, 0.25, 1)],
    ];

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new GhostNet Read(ConfigNode node) => new(
        Positive(node, "width_mult", 1), ReadStages(node, [4, 6, 9], 0, 9), ReadActivation(node, Activation.ReLU));

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = network.Convolution(image, new ConvolutionLayer($"{Name}.conv_stem", Scaled(StemChannels), 3)
        {
            Stride = 2,
            Padding = 1,
            Norm = Normalization.Batch,
            NormName = $"{Name}.bn1",
        });
        x = network.Activate(x, Activation, $"{Name}.act1");

        var outputs = new List<FeatureMap>();
        for (var stage = 0; stage <= Stages.Length; stage++)
        {
            x = stage < Stages.Length ? Stage(network, x, stage) : Last(network, x);
            if (OutStages.Contains(stage))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }

    private FeatureMap Stage(NetworkBuilder network, FeatureMap x, int stage)
    {
        for (var block = 0; block < Stages[stage].Length; block++)
        {
            var (kernel, expanded, channels, squeeze, stride) = Stages[stage][block];
            x = new GhostBottleneck(Scaled(expanded), Scaled(channels), kernel, Activation) { Stride = stride, SqueezeRatio = squeeze }
                .Build(network, x, $"{Name}.blocks.{stage}.{block}");
        }

        return x;
    }

    private FeatureMap Last(NetworkBuilder network, FeatureMap x)
    {
        var name = $"{Name}.blocks.{Stages.Length}.0";
        x = network.Convolution(x, new ConvolutionLayer($"{name}.conv", Scaled(Stages[^1][^1].Expanded), 1)
        {
            Norm = Normalization.Batch,
            NormName = $"{name}.bn1",
        });
        return network.Activate(x, Activation, $"{name}.act1");
    }

    private int Scaled(int channels) => Channels.Divisible(channels * WidthMultiplier, Divisor);
}
