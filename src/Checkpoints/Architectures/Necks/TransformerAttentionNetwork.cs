using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Necks;

/// <summary>
/// Three levels, brought to the size of the middle one, pass a transformer together and are added back to each
/// (<c>nanodet/model/fpn/tan.py</c>). The learned position embedding fixes the size of the middle level, and so of the input.
/// </summary>
internal sealed record TransformerAttentionNetwork : Neck
{
    private const int Levels = 3;

    /// <summary>Height of the middle level.</summary>
    public required int Height { get; init; }

    /// <summary>Width of the middle level.</summary>
    public required int Width { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Encoder layers.</summary>
    public required int Encoders { get; init; }

    /// <summary>Ratio of the hidden features of an encoder's perceptron to its features.</summary>
    public required int HiddenRatio { get; init; }

    /// <summary>Activation of the lateral convolutions and the perceptrons.</summary>
    public required Activation Activation { get; init; }

    /// <inheritdoc/>
    public override bool FixesInputSize => true;

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new TransformerAttentionNetwork Read(ConfigNode node)
    {
        var size = node.Integers("feature_hw");
        if (size is not [> 0 and <= 1024, > 0 and <= 1024])
        {
            throw node.Required("feature_hw").Invalid($"[height, width] of 1 to 1024 was expected, [{string.Join(", ", size)}] was found");
        }

        var inChannels = node.Integers("in_channels");
        if (inChannels.Count != Levels)
        {
            throw node.Required("in_channels").Invalid($"{Levels} levels were expected, {inChannels.Count} were found");
        }

        node.Optional("dropout_ratio");
        var neck = new TransformerAttentionNetwork
        {
            InChannels = inChannels,
            OutChannels = node.Integer("out_channels", null, 1, 65_536),
            Height = size[0],
            Width = size[1],
            Heads = node.Integer("num_heads", null, 1, 1024),
            Encoders = node.Integer("num_encoders", null, 1, 64),
            HiddenRatio = node.Integer("mlp_ratio", null, 1, 64),
            Activation = node.Activation("activation", Activation.LeakyReLU),
        };
        return neck.OutChannels % neck.Heads == 0
            ? neck
            : throw node.Required("num_heads").Invalid(
                $"a divisor of the {neck.OutChannels} channels was expected, {neck.Heads} was found");
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var lateral = new ConvModule(OutChannels, 1, Normalization.Batch, Activation);
        var laterals = features.Select((feature, level) => lateral.Build(network, feature, $"{Name}.lateral_convs.{level}")).ToArray();
        var middle = laterals[1];
        if (middle.Height != Height || middle.Width != Width)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"Config, model.arch.fpn.feature_hw: [{Height}, {Width}] was given, "
                + $"the middle level of this input has [{middle.Height}, {middle.Width}].");
        }

        var down = network.Resize(laterals[0], 0.5f, bilinear: true, $"{Name}.fine.resize");
        var up = network.Resize(laterals[2], 2f, bilinear: true, $"{Name}.coarse.resize");
        var joined = network.Concat(network.Concat(down, middle, $"{Name}.join"), up, $"{Name}.joined");
        var mixed = new TransformerBlock(OutChannels, Heads, Encoders, HiddenRatio, Activation)
            .Build(network, joined, $"{Name}.transformer", $"{Name}.pos_embed");
        return
        [
            network.Add(laterals[0], network.Resize(mixed, 2f, bilinear: true, $"{Name}.to_fine.resize"), $"{Name}.out.0"),
            network.Add(middle, mixed, $"{Name}.out.1"),
            network.Add(laterals[2], network.Resize(mixed, 0.5f, bilinear: true, $"{Name}.to_coarse.resize"), $"{Name}.out.2"),
        ];
    }
}
