using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Necks;

/// <summary>A feature pyramid whose sums go back from fine to coarse, too (<c>nanodet/model/fpn/pan.py</c>).</summary>
/// <param name="Pyramid">The pyramid.</param>
internal sealed record PathAggregationNetwork(TopDownPyramid Pyramid) : Neck
{
    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new PathAggregationNetwork Read(ConfigNode node) => new(TopDownPyramid.Read(node))
    {
        InChannels = node.Integers("in_channels"),
        OutChannels = node.Integer("out_channels", null, 1, 65_536),
    };

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var levels = Pyramid.Build(network, features, OutChannels, Name);
        for (var level = 0; level < levels.Length - 1; level++)
        {
            var down = network.Resize(levels[level], 0.5f, bilinear: true, $"{Name}.bottom_up.{level}.resize");
            levels[level + 1] = network.Add(levels[level + 1], down, $"{Name}.bottom_up.{level + 1}");
        }

        return levels;
    }
}
