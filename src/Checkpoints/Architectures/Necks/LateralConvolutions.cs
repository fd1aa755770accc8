using Nanodet.Serverless.Checkpoints.Architectures.Modules;
using Nanodet.Serverless.Checkpoints.Configs;

namespace Nanodet.Serverless.Checkpoints.Architectures.Necks;

/// <summary>One pointwise convolution per used backbone level, which brings all to the same number of channels.</summary>
/// <param name="FirstLevel">The first backbone level that is used.</param>
/// <param name="EndLevel">The level behind the last one that is used.</param>
/// <param name="Norm">Normalisation of the convolutions.</param>
/// <param name="Activation">Activation of the convolutions.</param>
internal sealed record LateralConvolutions(int FirstLevel, int EndLevel, Normalization? Norm, Activation Activation)
{
    /// <summary>Reads the settings that FPN and PAN share, with the defaults of their official constructors.</summary>
    public static LateralConvolutions Read(ConfigNode node)
    {
        var inputs = node.Integers("in_channels").Count;
        var first = node.Integer("start_level", 0, 0, Math.Max(inputs - 1, 0));
        var end = node.Integer("end_level", -1, -1, inputs);
        end = end == -1 ? inputs : end;
        var outputs = node.Integer("num_outs", null, 1, 16);
        if (outputs < end - first)
        {
            throw node.Required("num_outs").Invalid($"at least {end - first} was expected for the levels {first} to {end - 1}, {outputs} was found");
        }

        node.Optional("conv_cfg");
        return new LateralConvolutions(first, end, Normalization.Read(node, null), node.Activation("activation", Activation.None));
    }

    /// <summary>Writes them.</summary>
    public IReadOnlyList<FeatureMap> Build(NetworkBuilder network, IReadOnlyList<FeatureMap> features, int outChannels, string name)
    {
        var lateral = new ConvModule(outChannels, 1, Norm, Activation);
        return [.. features.Skip(FirstLevel).Take(EndLevel - FirstLevel).Select((feature, level) => lateral.Build(network, feature, $"{name}.{level}"))];
    }
}
