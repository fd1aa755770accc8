using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Necks;

/// <summary>The part of the network that mixes the backbone's feature maps across strides.</summary>
internal abstract record Neck
{
    /// <summary>The module's name in the state dict.</summary>
    protected const string Name = "fpn";

    /// <summary>Channels of the backbone's feature maps, by rising stride.</summary>
    public required IReadOnlyList<int> InChannels { get; init; }

    /// <summary>Channels of every output.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Whether the network only takes inputs of the configured size.</summary>
    public virtual bool FixesInputSize => false;

    /// <summary>Reads the section <c>model.arch.fpn</c>.</summary>
    /// <exception cref="CheckpointException">The neck is unknown or not built here, or a setting has no meaning.</exception>
    public static Neck Read(ConfigNode node)
    {
        Neck neck = node.Text("name") switch
        {
            "PAN" => PathAggregationNetwork.Read(node),
            "GhostPAN" => GhostPan.Read(node),
            "FPN" => FeaturePyramidNetwork.Read(node),
            "TAN" => TransformerAttentionNetwork.Read(node),
            var other => throw new CheckpointException(
                CheckpointErrorCode.UnsupportedArchitecture,
                $"Config, {node.Path}: neck '{other}' is not built here; PAN, GhostPAN, FPN and TAN are."),
        };
        node.RefuseOthers();
        return neck;
    }

    /// <summary>Writes the neck.</summary>
    /// <param name="network">Where to.</param>
    /// <param name="features">The backbone's feature maps.</param>
    /// <returns>One map per level of the head, by rising stride.</returns>
    /// <exception cref="CheckpointException">The backbone's maps are not those that the config promises.</exception>
    public IReadOnlyList<FeatureMap> Build(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var found = features.Select(feature => feature.Channels).ToList();
        return found.SequenceEqual(InChannels)
            ? BuildLevels(network, features)
            : throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"Config, model.arch.fpn.in_channels: [{string.Join(", ", InChannels)}] was given, "
                + $"the backbone's stages have [{string.Join(", ", found)}] channels.");
    }

    /// <summary>Writes the neck over maps that have the promised channels.</summary>
    protected abstract IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features);
}
