using Nanodet.Serverless.Checkpoints.Architectures.Modules;
using Nanodet.Serverless.Checkpoints.Configs;

namespace Nanodet.Serverless.Checkpoints.Architectures.Necks;

/// <summary>
/// Lateral convolutions, then sums from coarse to fine and back, with bilinear resizing and nothing else
/// (<c>nanodet/model/fpn/pan.py</c>).
/// </summary>
/// <param name="FirstLevel">The first backbone level that is used.</param>
/// <param name="EndLevel">The level behind the last one that is used.</param>
/// <param name="Norm">Normalisation of the lateral convolutions.</param>
/// <param name="Activation">Activation of the lateral convolutions.</param>
internal sealed record PathAggregationNetwork(int FirstLevel, int EndLevel, Normalization? Norm, Activation Activation) : Neck
{
    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new PathAggregationNetwork Read(ConfigNode node)
    {
        var inChannels = node.Integers("in_channels");
        var first = node.Integer("start_level", 0, 0, Math.Max(inChannels.Count - 1, 0));
        var end = node.Integer("end_level", -1, -1, inChannels.Count);
        end = end == -1 ? inChannels.Count : end;
        var outputs = node.Integer("num_outs", null, 1, 16);
        if (outputs < end - first)
        {
            throw node.Required("num_outs").Invalid($"at least {end - first} was expected for the levels {first} to {end - 1}, {outputs} was found");
        }

        node.Optional("conv_cfg");
        return new PathAggregationNetwork(first, end, Normalization.Read(node, null), node.Activation("activation", Activation.None))
        {
            InChannels = inChannels,
            OutChannels = node.Integer("out_channels", null, 1, 65_536),
        };
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var lateral = new ConvModule(OutChannels, 1, Norm, Activation);
        var levels = features.Skip(FirstLevel).Take(EndLevel - FirstLevel)
            .Select((feature, level) => lateral.Build(network, feature, $"{Name}.lateral_convs.{level}"))
            .ToArray();

        for (var level = levels.Length - 1; level > 0; level--)
        {
            var up = network.Resize(levels[level], 2f, bilinear: true, $"{Name}.top_down.{level}.resize");
            levels[level - 1] = network.Add(levels[level - 1], up, $"{Name}.top_down.{level - 1}");
        }

        for (var level = 0; level < levels.Length - 1; level++)
        {
            var down = network.Resize(levels[level], 0.5f, bilinear: true, $"{Name}.bottom_up.{level}.resize");
            levels[level + 1] = network.Add(levels[level + 1], down, $"{Name}.bottom_up.{level + 1}");
        }

        return levels;
    }
}
