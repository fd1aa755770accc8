using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>
/// A cross-stage-partial network that the config spells out stage by stage (<c>nanodet/model/backbone/custom_csp.py</c>).
/// </summary>
/// <param name="Stages">The stages in order.</param>
/// <param name="OutStages">Indices of the stages whose output the neck takes.</param>
/// <param name="Norm">The normalisation throughout.</param>
/// <param name="Activation">The activation throughout.</param>
internal sealed record CustomCspNet(
    IReadOnlyList<CspStage> Stages, IReadOnlyList<int> OutStages, Normalization? Norm, Activation Activation) : Backbone
{
    /// <summary>Reads the settings, with the defaults of the official constructor.</summary>
    public static new CustomCspNet Read(ConfigNode node)
    {
        var stages = node.Required("net_cfg").Items().Select(CspStage.Read).ToList();
        return new CustomCspNet(
            stages,
            ReadStages(node, node.Integers("out_stages"), 0, stages.Count - 1),
            Normalization.Read(node, Normalization.Batch),
            ReadActivation(node, Activation.LeakyReLU));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureMap> Build(NetworkBuilder network, FeatureMap image)
    {
        var x = image;
        var outputs = new List<FeatureMap>();
        for (var index = 0; index < Stages.Count; index++)
        {
            var stage = Stages[index];
            var name = $"{Name}.stages.{index}";
            if (stage.InChannels is { } expected && expected != x.Channels)
            {
                throw new CheckpointException(
                    CheckpointErrorCode.InvalidConfig,
                    $"Config, model.arch.backbone.net_cfg[{index}]: {expected} input channels were given, "
                    + $"the stage before has {x.Channels}.");
            }

            x = stage.Kind switch
            {
                CspStageKind.Conv => Conv(network, x, name, stage.OutChannels, stage.Kernel, stage.Stride),
                CspStageKind.CspBlock => Block(network, x, name, stage),
                _ => network.MaxPool(x, name, stage.Kernel, stage.Stride, (stage.Kernel - 1) / 2),
            };
            if (OutStages.Contains(index))
            {
                outputs.Add(x);
            }
        }

        return outputs;
    }

    private FeatureMap Block(NetworkBuilder network, FeatureMap x, string name, CspStage stage)
    {
        var channels = x.Channels;
        x = Conv(network, x, $"{name}.in_conv", channels, stage.Kernel, stage.Stride);
        var inner = x;
        for (var block = 0; block < stage.Blocks; block++)
        {
            var half = Conv(network, inner, $"{name}.res_blocks.{block}.in_conv", channels / 2, stage.Kernel, stride: 1);
            var other = Conv(network, half, $"{name}.res_blocks.{block}.mid_conv", channels / 2, stage.Kernel, stride: 1);
            inner = network.Concat(other, half, $"{name}.res_blocks.{block}");
        }

        inner = Conv(network, inner, $"{name}.res_out_conv", channels, stage.Kernel, stride: 1);
        return network.Concat(inner, x, name);
    }

    private FeatureMap Conv(NetworkBuilder network, FeatureMap x, string name, int outChannels, int kernel, int stride) =>
        new ConvModule(outChannels, kernel, Norm, Activation) { Stride = stride, Padding = (kernel - 1) / 2 }.Build(network, x, name);
}
