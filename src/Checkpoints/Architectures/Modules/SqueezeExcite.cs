namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// Scales every channel by a gate that is computed from all channels' averages (<c>nanodet/model/backbone/ghostnet.py</c>,
/// SqueezeExcite).
/// </summary>
/// <param name="Ratio">Ratio of the inner channels to the outer ones.</param>
internal sealed record SqueezeExcite(double Ratio)
{
    private const int Divisor = 4;

    /// <summary>Writes the module. Its activation is ReLU whatever the backbone's is, as in the official module.</summary>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name)
    {
        var gate = network.GlobalAverage(x, $"{name}.avg_pool");
        gate = network.Convolution(
            gate, new ConvolutionLayer($"{name}.conv_reduce", Channels.Divisible(x.Channels * Ratio, Divisor), 1) { Bias = true });
        gate = network.Activate(gate, Activation.ReLU, $"{name}.act1");
        gate = network.Convolution(gate, new ConvolutionLayer($"{name}.conv_expand", x.Channels, 1) { Bias = true });
        return network.Scale(x, network.HardSigmoid(gate, $"{name}.gate"), name);
    }
}
