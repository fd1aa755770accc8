using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Heads;

/// <summary>The part of the network that gives every point class logits and four distance distributions.</summary>
internal abstract record Head
{
    /// <summary>The module's name in the state dict.</summary>
    protected const string Name = "head";

    /// <summary>Where the centres lie.</summary>
    public abstract HeadKind Kind { get; }

    /// <summary>Number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>The largest distance bin.</summary>
    public required int RegMax { get; init; }

    /// <summary>Strides of the levels.</summary>
    public required IReadOnlyList<int> Strides { get; init; }

    /// <summary>Channels of the neck's maps.</summary>
    public required int InChannels { get; init; }

    /// <summary>Channels inside the head.</summary>
    public required int FeatureChannels { get; init; }

    /// <summary>Convolution modules per branch.</summary>
    public required int StackedConvolutions { get; init; }

    /// <summary>Whether the modules are depthwise separable.</summary>
    public required bool Depthwise { get; init; }

    /// <summary>Normalisation of the modules.</summary>
    public required Normalization? Norm { get; init; }

    /// <summary>Activation of the modules.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Number of distance logits per point.</summary>
    public int DistanceColumns => 4 * (RegMax + 1);

    /// <summary>Reads the section <c>model.arch.head</c>. Settings that no one asks for concern training and are left alone.</summary>
    /// <exception cref="CheckpointException">The head is unknown or not built here, or a setting has no meaning.</exception>
    public static Head Read(ConfigNode node) => node.Text("name") switch
    {
        "NanoDetPlusHead" => NanodetPlusHead.Read(node),
        "NanoDetHead" => NanodetHead.Read(node),
        "GFLHead" => SharedConvHead.ReadGfl(node),
        "SimpleConvHead" => SharedConvHead.ReadSimple(node),
        var other => throw new CheckpointException(
            CheckpointErrorCode.UnsupportedArchitecture,
            $"Config, {node.Path}: head '{other}' is not built here; NanoDetHead, NanoDetPlusHead, GFLHead and SimpleConvHead are."),
    };

    /// <summary>Writes the head.</summary>
    /// <param name="network">Where to.</param>
    /// <param name="levels">The neck's maps.</param>
    /// <returns>One map per level with the class logits and then the distance logits as channels.</returns>
    /// <exception cref="CheckpointException">The neck's maps are not those that the config promises.</exception>
    public IReadOnlyList<FeatureMap> Build(NetworkBuilder network, IReadOnlyList<FeatureMap> levels)
    {
        if (levels.Count != Strides.Count)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"Config, model.arch.head.strides: {Strides.Count} strides were given, the neck has {levels.Count} levels.");
        }

        var other = levels.FirstOrDefault(level => level.Channels != InChannels);
        return other is null
            ? [.. levels.Select((level, index) => BuildLevel(network, level, index))]
            : throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"Config, model.arch.head.input_channel: {InChannels} was given, the neck's maps have {other.Channels} channels.");
    }

    /// <summary>Writes one level.</summary>
    protected abstract FeatureMap BuildLevel(NetworkBuilder network, FeatureMap x, int level);

    /// <summary>Writes one convolution module of a branch.</summary>
    protected FeatureMap Stack(NetworkBuilder network, FeatureMap x, string branch, int level, int kernel)
    {
        for (var index = 0; index < StackedConvolutions; index++)
        {
            var name = $"{Name}.{branch}.{level}.{index}";
            x = Depthwise
                ? new DepthwiseConvModule(FeatureChannels, kernel, Norm, Activation) { Padding = kernel / 2 }.Build(network, x, name)
                : new ConvModule(FeatureChannels, kernel, Norm, Activation) { Padding = kernel / 2 }.Build(network, x, name);
        }

        return x;
    }

    /// <summary>Reads the strides.</summary>
    protected static IReadOnlyList<int> ReadStrides(ConfigNode node)
    {
        var strides = node.Integers("strides", [8, 16, 32]);
        return strides.Count > 0 && strides.All(stride => stride is > 0 and <= 1024)
            ? strides
            : throw node.Required("strides").Invalid($"strides of 1 to 1024 were expected, [{string.Join(", ", strides)}] were found");
    }

    /// <summary>Refuses scores that are no sigmoids: the official post-processing knows no others.</summary>
    protected static void RequireSigmoid(ConfigNode node)
    {
        if (node.Optional("loss")?.Optional("loss_qfl")?.Boolean("use_sigmoid", true) == false)
        {
            throw node.Invalid("loss.loss_qfl.use_sigmoid: true was expected; NanoDet's own post-processing knows no other scores");
        }
    }
}
