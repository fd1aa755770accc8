using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Necks;

/// <summary>Lateral convolutions and sums from coarse to fine, and nothing else (<c>nanodet/model/fpn/fpn.py</c>).</summary>
/// <param name="Pyramid">The pyramid.</param>
internal sealed record FeaturePyramidNetwork(TopDownPyramid Pyramid) : Neck
{
    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new FeaturePyramidNetwork Read(ConfigNode node) => new(TopDownPyramid.Read(node))
    {
        InChannels = node.Integers("in_channels"),
        OutChannels = node.Integer("out_channels", null, 1, 65_536),
    };

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features) =>
        Pyramid.Build(network, features, OutChannels, Name);
}
