using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

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
            "MobileNetV2" => MobileNetV2.Read(node),
            "ResNet" => ResNet.Read(node),
            "GhostNet" => GhostNet.Read(node),
            "EfficientNetLite" => EfficientNetLite.Read(node),
            "RepVGG" => RepVgg.Read(node),
            "TIMMWrapper" => throw new CheckpointException(
                CheckpointErrorCode.UnsupportedArchitecture,
                $"Config, {node.Path}: TIMMWrapper takes its network from the Python library timm; "
                + "such a model cannot be rebuilt from its checkpoint alone."),
            var other => throw new CheckpointException(
                CheckpointErrorCode.UnsupportedArchitecture,
                $"Config, {node.Path}: backbone '{other}' is not built here; "
                + "ShuffleNetV2, CustomCspNet, MobileNetV2, ResNet, GhostNet, EfficientNetLite and RepVGG are."),
        };
        node.RefuseOthers();
        return backbone;
    }

    /// <summary>Writes the backbone.</summary>
    /// <param name="network">Where to.</param>
    /// <param name="image">The input tensor.</param>
    /// <returns>The feature maps that the neck takes, by rising stride.</returns>
    public abstract IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image);

    /// <summary>Reads <c>out_stages</c>.</summary>
    protected static IReadOnlyList<int> ReadStages(ConfigNode node, IReadOnlyList<int> fallback, int first, int last)
    {
        var stages = node.Integers("out_stages", fallback);
        return stages.Count > 0 && stages.All(stage => stage >= first && stage <= last)
            ? stages
            : throw node.Required("out_stages").Invalid(
                $"stages of {first} to {last} were expected, [{string.Join(", ", stages)}] were found");
    }

    /// <summary>Reads the activation, which the oldest releases called <c>act</c> in some backbones.</summary>
    protected static Activation ReadActivation(ConfigNode node, Activation fallback) =>
        node.Has("activation") ? node.Activation("activation", fallback) : node.Activation("act", fallback);

    /// <summary>Reads a factor of the channels.</summary>
    protected static double Positive(ConfigNode node, string key, double fallback) => node.Number(key, fallback, 1.0 / 64, 64);
}
