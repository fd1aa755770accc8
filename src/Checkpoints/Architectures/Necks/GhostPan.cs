using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Necks;

/// <summary>The path aggregation network of NanoDet-Plus, made of ghost bottlenecks (<c>nanodet/model/fpn/ghost_pan.py</c>).</summary>
internal sealed record GhostPan : Neck
{
    /// <summary>Whether downsampling convolutions are depthwise separable.</summary>
    public required bool UseDepthwise { get; init; }

    /// <summary>Side of the depthwise kernels.</summary>
    public required int Kernel { get; init; }

    /// <summary>Ratio of a bottleneck's middle channels to its output channels.</summary>
    public required double Expand { get; init; }

    /// <summary>Channels in the middle of a bottleneck.</summary>
    private int MiddleChannels => (int)(OutChannels * Expand);

    /// <summary>Bottlenecks per block.</summary>
    public required int Blocks { get; init; }

    /// <summary>Whether a block adds a pointwise convolution of its input.</summary>
    public required bool UseResidual { get; init; }

    /// <summary>Coarser levels made from the coarsest one.</summary>
    public required int ExtraLevels { get; init; }

    /// <summary>Whether upsampling is bilinear, else nearest.</summary>
    public required bool Bilinear { get; init; }

    /// <summary>Normalisation of the convolution modules.</summary>
    public required Normalization? Norm { get; init; }

    /// <summary>The activation throughout.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new GhostPan Read(ConfigNode node)
    {
        var neck = new GhostPan
        {
            InChannels = node.Integers("in_channels"),
            OutChannels = node.Integer("out_channels", null, 1, 65_536),
            UseDepthwise = node.Boolean("use_depthwise", false),
            Kernel = node.Integer("kernel_size", 5, 1, 63),
            Expand = node.Number("expand", 1, 0, 64),
            Blocks = node.Integer("num_blocks", 1, 1, 64),
            UseResidual = node.Boolean("use_res", false),
            ExtraLevels = node.Integer("num_extra_level", 0, 0, 8),
            Bilinear = ReadBilinear(node.Optional("upsample_cfg")),
            Norm = Normalization.Read(node, Normalization.Batch),
            Activation = node.Activation("activation", Activation.LeakyReLU),
        };
        return neck.MiddleChannels > 0
            ? neck
            : throw node.Required("expand").Invalid(
                $"at least one channel of {neck.OutChannels} has to be left in the middle of a bottleneck");
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FeatureMap> BuildLevels(NetworkBuilder network, IReadOnlyList<FeatureMap> features)
    {
        var reduce = new ConvModule(OutChannels, 1, Norm, Activation);
        var reduced = features.Select((feature, level) => reduce.Build(network, feature, $"{Name}.reduce_layers.{level}")).ToArray();

        // From coarse to fine; the blocks are numbered in that order.
        var inner = new FeatureMap[reduced.Length];
        inner[^1] = reduced[^1];
        for (var level = reduced.Length - 1; level > 0; level--)
        {
            var block = reduced.Length - 1 - level;
            var up = network.Resize(inner[level], 2f, Bilinear, $"{Name}.upsample");
            var joined = network.Concat(up, reduced[level - 1], $"{Name}.top_down_blocks.{block}.concat");
            inner[level - 1] = Block(network, joined, $"{Name}.top_down_blocks.{block}");
        }

        var levels = new List<FeatureMap> { inner[0] };
        for (var level = 0; level < reduced.Length - 1; level++)
        {
            var down = Downsample(network, levels[^1], $"{Name}.downsamples.{level}");
            var joined = network.Concat(down, inner[level + 1], $"{Name}.bottom_up_blocks.{level}.concat");
            levels.Add(Block(network, joined, $"{Name}.bottom_up_blocks.{level}"));
        }

        for (var extra = 0; extra < ExtraLevels; extra++)
        {
            var fromInput = Downsample(network, reduced[^1], $"{Name}.extra_lvl_in_conv.{extra}");
            var fromOutput = Downsample(network, levels[^1], $"{Name}.extra_lvl_out_conv.{extra}");
            levels.Add(network.Add(fromInput, fromOutput, $"{Name}.extra_lvl.{extra}"));
        }

        return levels;
    }

    private FeatureMap Block(NetworkBuilder network, FeatureMap x, string name)
    {
        var bottleneck = new GhostBottleneck(MiddleChannels, OutChannels, Kernel, Activation);
        var result = x;
        for (var block = 0; block < Blocks; block++)
        {
            if (result.Channels != x.Channels)
            {
                throw new CheckpointException(
                    CheckpointErrorCode.InvalidConfig,
                    "Config, model.arch.fpn.num_blocks: the official module builds every bottleneck "
                    + $"for {x.Channels} input channels, so a second one cannot follow {result.Channels}.");
            }

            result = bottleneck.Build(network, result, $"{name}.blocks.{block}");
        }

        if (!UseResidual)
        {
            return result;
        }

        var shortcut = new ConvModule(OutChannels, 1, null, Activation).Build(network, x, $"{name}.reduce_conv");
        return network.Add(result, shortcut, name);
    }

    private FeatureMap Downsample(NetworkBuilder network, FeatureMap x, string name) => UseDepthwise
        ? new DepthwiseConvModule(OutChannels, Kernel, Norm, Activation) { Stride = 2, Padding = Kernel / 2 }.Build(network, x, name)
        : new ConvModule(OutChannels, Kernel, Norm, Activation) { Stride = 2, Padding = Kernel / 2 }.Build(network, x, name);

    private static bool ReadBilinear(ConfigNode? node)
    {
        if (node is null)
        {
            return true;
        }

        var mode = node.Text("mode", "nearest");
        if (mode is not ("bilinear" or "nearest"))
        {
            throw node.Invalid($"mode bilinear or nearest was expected, '{mode}' was found");
        }

        if (node.Boolean("align_corners", false) || node.Number("scale_factor", 2, 0, 64) != 2)
        {
            throw node.Invalid("scale_factor 2 without align_corners was expected");
        }

        node.RefuseOthers();
        return mode == "bilinear";
    }
}
