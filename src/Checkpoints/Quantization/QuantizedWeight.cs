using System.Runtime.InteropServices;
using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>The weights of a convolution as signed bytes, symmetric, with a scale for each output channel.</summary>
/// <param name="Shape">The weight's shape: output channels first.</param>
/// <param name="Values">The bytes, of -127 to 127.</param>
/// <param name="Scales">One scale for each output channel.</param>
internal sealed record QuantizedWeight(IReadOnlyList<long> Shape, sbyte[] Values, float[] Scales)
{
    // Room for the products of a convolution beside its bias in 32 bits.
    private const double LargestBias = 1 << 30;

    /// <summary>Quantises weights.</summary>
    /// <param name="weight">Float32, output channels first.</param>
    /// <param name="bias">Float32, one for each output channel, or null.</param>
    /// <param name="inputScale">
    /// The scale of the input. It matters where a channel's weights are next to nothing and its bias is not: the bias is stored in
    /// steps of both scales' product and has to fit into 32 bits, so the weight's scale is no smaller than that needs.
    /// </param>
    public static QuantizedWeight From(TensorProto weight, TensorProto? bias, float inputScale)
    {
        var values = MemoryMarshal.Cast<byte, float>(weight.RawData.Span);
        var biases = bias is null ? [] : MemoryMarshal.Cast<byte, float>(bias.RawData.Span);
        var channels = (int)weight.Dims[0];
        var length = values.Length / channels;
        var scales = new float[channels];
        var bytes = new sbyte[values.Length];
        for (var channel = 0; channel < channels; channel++)
        {
            var row = values.Slice(channel * length, length);
            var largest = 0f;
            foreach (var value in row)
            {
                largest = MathF.Max(largest, MathF.Abs(value));
            }

            var least = bias is null ? 0 : (float)(Math.Abs(biases[channel]) / (inputScale * LargestBias));
            var scale = MathF.Max(largest / sbyte.MaxValue, least);
            scales[channel] = scale > 0 && float.IsFinite(1 / scale) ? scale : 1;
            for (var i = 0; i < length; i++)
            {
                bytes[(channel * length) + i] = (sbyte)Math.Clamp(MathF.Round(row[i] / scales[channel]), -sbyte.MaxValue, sbyte.MaxValue);
            }
        }

        return new QuantizedWeight([.. weight.Dims], bytes, scales);
    }

    /// <summary>
    /// How far the means of the output channels are from where the unrounded weights have them: the error of each weight times the mean
    /// that it meets. (Bias correction: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019; here
    /// the means are measured. A padding's zeros at the border are left out of account.)
    /// </summary>
    /// <param name="weight">The unrounded weights.</param>
    /// <param name="inputMeans">The mean of each input channel, of all groups.</param>
    public double[] MeanShift(TensorProto weight, ReadOnlySpan<float> inputMeans)
    {
        var values = MemoryMarshal.Cast<byte, float>(weight.RawData.Span);
        var (channels, columns) = (Scales.Length, (int)weight.Dims[1]);
        var taps = values.Length / channels / columns;
        var channelsPerGroup = channels * columns / inputMeans.Length;
        var shift = new double[channels];
        for (var i = 0; i < values.Length; i++)
        {
            var (channel, column) = (i / (columns * taps), i / taps % columns);
            var error = (Values[i] * (double)Scales[channel]) - values[i];
            shift[channel] += error * inputMeans[(channel / channelsPerGroup * columns) + column];
        }

        return shift;
    }

    /// <summary>The bias in steps of input scale times weight scale, and those steps.</summary>
    /// <param name="bias">Float32, one for each output channel.</param>
    /// <param name="shift">What is taken from each: see <see cref="MeanShift"/>.</param>
    /// <param name="inputScale">The scale of the input.</param>
    public (int[] Values, float[] Scales) Bias(TensorProto bias, ReadOnlySpan<double> shift, float inputScale)
    {
        var biases = MemoryMarshal.Cast<byte, float>(bias.RawData.Span);
        var scales = new float[biases.Length];
        var values = new int[biases.Length];
        for (var channel = 0; channel < values.Length; channel++)
        {
            scales[channel] = inputScale * Scales[channel];
            values[channel] = (int)Math.Clamp(
                Math.Round((biases[channel] - shift[channel]) / scales[channel]),
                -int.MaxValue,
                int.MaxValue);
        }

        return (values, scales);
    }
}
