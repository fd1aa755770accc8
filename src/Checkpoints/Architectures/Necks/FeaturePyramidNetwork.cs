using Nanodet.Serverless.Checkpoints.Configs;

namespace Nanodet.Serverless.Checkpoints.Architectures.Necks;

/// <summary>
/// Lateral convolutions, then sums from coarse to fine, with bilinear resizing and nothing else (<c>nanodet/model/fpn/fpn.py</c>).
/// </summary>
/// <param name="Laterals">The lateral convolutions.</param>
internal record FeaturePyramidNetwork(LateralConvolutions Laterals) : Neck
{
    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new FeaturePyramidNetwork Read(ConfigNode node) => new(LateralConvolutions.Read(node))
    {
        InChannels = node.Integers("in_channels"),
        OutChannels = node.Integer("out_channels", null, 1, 65_536),
    };

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var levels = Laterals.Build(network, features, OutChannels, $"{Name}.lateral_convs").ToArray();
        for (var level = levels.Length - 1; level > 0; level--)
        {
            var up = network.Resize(levels[level], 2f, bilinear: true, $"{Name}.top_down.{level}.resize");
            levels[level - 1] = network.Add(levels[level - 1], up, $"{Name}.top_down.{level - 1}");
        }

        return levels;
    }
}
