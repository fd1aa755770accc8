using System.Diagnostics.CodeAnalysis;
using Nanodet.Serverless.Checkpoints.Configs;

namespace Nanodet.Serverless.Checkpoints.Architectures.Necks;

/// <summary>A feature pyramid whose sums go back from fine to coarse, too (<c>nanodet/model/fpn/pan.py</c>).</summary>
internal sealed record PathAggregationNetwork : FeaturePyramidNetwork
{
    [SetsRequiredMembers]
    private PathAggregationNetwork(FeaturePyramidNetwork pyramid)
        : base(pyramid)
    {
    }

    /// <summary>Reads the settings, which are those of the feature pyramid.</summary>
    public static new PathAggregationNetwork Read(ConfigNode node) => new(FeaturePyramidNetwork.Read(node));

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var levels = base.BuildLevels(network, features).ToArray();
        for (var level = 0; level < levels.Length - 1; level++)
        {
            var down = network.Resize(levels[level], 0.5f, bilinear: true, $"{Name}.bottom_up.{level}.resize");
            levels[level + 1] = network.Add(levels[level + 1], down, $"{Name}.bottom_up.{level + 1}");
        }

        return levels;
    }
}
