using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>
/// RepVGG in its training form, whose three branches become one convolution each, or in its deploy form, which is read as it is
/// (<c>nanodet/model/backbone/repvgg.py</c>).
/// </summary>
/// <param name="Blocks">Blocks of the stages 1 to 4.</param>
/// <param name="Widths">Factors of the stages' channels.</param>
/// <param name="Groups">Channel groups of every second block.</param>
/// <param name="LastChannels">Channels of the last stage where the config names them.</param>
/// <param name="OutStages">The stages whose output the neck takes, of 1 to 4.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record RepVgg(
    IReadOnlyList<int> Blocks,
    IReadOnlyList<double> Widths,
    int Groups,
    int? LastChannels,
    IReadOnlyList<int> OutStages,
    Activation Activation) : Backbone
{
    private const int BaseChannels = 64;
    private const int LastGroupedLayer = 26;

    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new RepVgg Read(ConfigNode node)
    {
        var arch = node.Text("arch");
        var (size, groups) = arch switch
        {
            [.. var name, 'g', '2'] => (name, 2),
            [.. var name, 'g', '4'] => (name, 4),
            _ => (arch, 1),
        };
        var (blocks, widths) = size switch
        {
            "A0" when groups == 1 => (new[] { 2, 4, 14, 1 }, new[] { 0.75, 0.75, 0.75, 2.5 }),
            "A1" when groups == 1 => ([2, 4, 14, 1], [1, 1, 1, 2.5]),
            "A2" when groups == 1 => ([2, 4, 14, 1], [1.5, 1.5, 1.5, 2.75]),
            "B0" when groups == 1 => ([4, 6, 16, 1], [1, 1, 1, 2.5]),
            "B1" => ([4, 6, 16, 1], [2.0, 2, 2, 4]),
            "B2" => ([4, 6, 16, 1], [2.5, 2.5, 2.5, 5]),
            "B3" => ([4, 6, 16, 1], [3.0, 3, 3, 5]),
            _ => throw node.Required("arch").Invalid(
                $"A0, A1, A2, B0, or B1 to B3 with or without g2 or g4 was expected, '{arch}' was found"),
        };

        // Whether the weights are in deploy form is read off the checkpoint.
        node.Boolean("deploy", false);
        return new RepVgg(
            blocks,
            widths,
            groups,
            node.Optional("last_channel") is null ? null : node.Integer("last_channel", null, 1, 65_536),
            ReadStages(node, [1, 2, 3, 4], 1, 4),
            ReadActivation(node, Activation.ReLU));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = new RepVggBlock(Math.Min(BaseChannels, (int)(BaseChannels * Widths[0])), Stride: 2, Groups: 1, Activation)
            .Build(network, image, $"{Name}.stage0");
        var layer = 1;
        var outputs = new List<FeatureMap>();
        for (var stage = 1; stage <= Blocks.Count; stage++)
        {
            var channels = (int)((BaseChannels << (stage - 1)) * Widths[stage - 1]);
            channels = stage == Blocks.Count ? LastChannels ?? channels : channels;
            for (var block = 0; block < Blocks[stage - 1]; block++, layer++)
            {
                var grouped = layer % 2 == 0 && layer <= LastGroupedLayer;
                x = new RepVggBlock(channels, block == 0 ? 2 : 1, grouped ? Groups : 1, Activation)
                    .Build(network, x, $"{Name}.stage{stage}.{block}");
            }

            if (OutStages.Contains(stage))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }
}
