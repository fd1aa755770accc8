using Nanodet.Serverless.Checkpoints.Configs;

namespace Nanodet.Serverless.Checkpoints.Architectures.Backbones;

/// <summary>The part of the network that turns an image into feature maps of several strides.</summary>
internal abstract record Backbone
{
    /// <summary>The module's name in the state dict.</summary>
    protected const string Name = "backbone";

    /// <summary>Reads the section <c>model.arch.backbone</c>.</summary>
    /// <exception cref="CheckpointException">The backbone is unknown or not built here, or a setting has no meaning.</exception>
    public static Backbone Read(ConfigNode node)
    {
        Backbone backbone = node.Text("name") switch
        {
            "ShuffleNetV2" => ShuffleNetV2.Read(node),
            "CustomCspNet" => CustomCspNet.Read(node),
            "TIMMWrapper" => throw new CheckpointException(
                CheckpointErrorCode.UnsupportedArchitecture,
                $"Config, {node.Path}: TIMMWrapper takes its network from the Python library timm; such a model cannot be rebuilt from its checkpoint alone."),
            var other => throw new CheckpointException(
                CheckpointErrorCode.UnsupportedArchitecture,
                $"Config, {node.Path}: backbone '{other}' is not built here; ShuffleNetV2 and CustomCspNet are."),
        };
        node.RefuseOthers();
        return backbone;
    }

    /// <summary>Writes the backbone.</summary>
    /// <param name="network">Where to.</param>
    /// <param name="image">The input tensor.</param>
    /// <returns>The feature maps that the neck takes, by rising stride.</returns>
    public abstract IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image);
}
