namespace Nanodet.Checkpoints.Architectures;

/// <summary>A batch normalisation in evaluation mode: y = scale * x + shift per channel, in double precision.</summary>
internal readonly struct BatchNorm
{
    private readonly double[] _scale;
    private readonly double[] _shift;

    private BatchNorm(double[] scale, double[] shift)
    {
        _scale = scale;
        _shift = shift;
    }

    /// <summary>Reads one: scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale.</summary>
    /// <param name="weights">Where from.</param>
    /// <param name="name">Its name in the state dict.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static BatchNorm Read(WeightBinder weights, string name, int channels, double epsilon = 1e-5)
    {
        var gamma = weights.Take($"{name}.weight", channels);
        var beta = weights.Take($"{name}.bias", channels);
        var mean = weights.Take($"{name}.running_mean", channels);
        var variance = weights.Take($"{name}.running_var", channels);
        var scale = new double[channels];
        var shift = new double[channels];
        for (var channel = 0; channel < channels; channel++)
        {
            scale[channel] = gamma[channel] / Math.Sqrt(variance[channel] + epsilon);
            shift[channel] = beta[channel] - (mean[channel] * scale[channel]);
        }

        return new BatchNorm(scale, shift);
    }

    /// <summary>The factor of a channel.</summary>
    public double Scale(int channel) => _scale[channel];

    /// <summary>The offset of a channel.</summary>
    public double Shift(int channel) => _shift[channel];

    /// <summary>Folds it into the convolution before it, rounding once.</summary>
    /// <param name="weight">Weights, output channels first.</param>
    /// <param name="bias">Biases.</param>
    public void Fold(Span<float> weight, Span<float> bias)
    {
        var perChannel = weight.Length / bias.Length;
        for (var channel = 0; channel < bias.Length; channel++)
        {
            foreach (ref var value in weight.Slice(channel * perChannel, perChannel))
            {
                value = (float)(value * _scale[channel]);
            }

            bias[channel] = (float)((bias[channel] * _scale[channel]) + _shift[channel]);
        }
    }
}
