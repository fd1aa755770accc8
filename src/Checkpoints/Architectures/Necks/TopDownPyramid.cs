using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Necks;

/// <summary>
/// What FPN and PAN have in common: a pointwise convolution per used backbone level, then sums from coarse to fine with bilinear
/// resizing.
/// </summary>
/// <param name="FirstLevel">The first backbone level that is used.</param>
/// <param name="EndLevel">The level behind the last one that is used.</param>
/// <param name="Norm">Normalisation of the convolutions.</param>
/// <param name="Activation">Activation of the convolutions.</param>
internal sealed record TopDownPyramid(int FirstLevel, int EndLevel, Normalization? Norm, Activation Activation)
{
    /// <summary>Reads the settings that FPN and PAN share, with the defaults of their official constructors.</summary>
    public static TopDownPyramid Read(ConfigNode node)
    {
        var inputs = node.Integers("in_channels").Count;
        var first = node.Integer("start_level", 0, 0, Math.Max(inputs - 1, 0));
        var end = node.Integer("end_level", -1, -1, inputs);
        end = end == -1 ? inputs : end;
        var outputs = node.Integer("num_outs", null, 1, 16);
        if (outputs < end - first)
        {
            throw node.Required("num_outs").Invalid(
                $"at least {end - first} was expected for the levels {first} to {end - 1}, {outputs} was found");
        }

        node.Optional("conv_cfg");
        return new TopDownPyramid(first, end, Normalization.Read(node, null), node.Activation("activation", Activation.None));
    }

    /// <summary>Writes the pyramid.</summary>
    /// <param name="network">Where to.</param>
    /// <param name="features">The backbone's feature maps.</param>
    /// <param name="outChannels">Channels of every level.</param>
    /// <param name="name">The neck's name.</param>
    /// <returns>The used levels, by rising stride.</returns>
    public FeatureMap[] Build(NetworkBuilder network, IReadOnlyList<FeatureMap> features, int outChannels, string name)
    {
        var lateral = new ConvModule(outChannels, 1, Norm, Activation);
        var levels = features.Skip(FirstLevel).Take(EndLevel - FirstLevel)
            .Select((feature, level) => lateral.Build(network, feature, $"{name}.lateral_convs.{level}"))
            .ToArray();
        for (var level = levels.Length - 1; level > 0; level--)
        {
            var up = network.Resize(levels[level], 2f, bilinear: true, $"{name}.top_down.{level}.resize");
            levels[level - 1] = network.Add(levels[level - 1], up, $"{name}.top_down.{level - 1}");
        }

        return levels;
    }
}
