namespace Nanodet.Checkpoints.Optimization;

/// <summary>Moves the weights of a convolution to where its inputs and outputs lie. No weight is changed; padding is zero.</summary>
internal static class ConvolutionWeights
{
    /// <summary>The weights of a convolution without groups.</summary>
    /// <param name="weight">The plain weights: output channels, input channels, taps.</param>
    /// <param name="taps">Values per kernel.</param>
    /// <param name="rows">For each output of the result the plain output channel, or -1 for padding.</param>
    /// <param name="positions">For each plain input channel its place among the inputs of the result.</param>
    /// <param name="inputs">Inputs of the result.</param>
    public static float[] Mix(ReadOnlySpan<float> weight, int taps, ReadOnlySpan<int> rows, ReadOnlySpan<int> positions, int inputs)
    {
        var moved = new float[rows.Length * inputs * taps];
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] < 0)
            {
                continue;
            }

            for (var channel = 0; channel < positions.Length; channel++)
            {
                var from = weight.Slice(((rows[row] * positions.Length) + channel) * taps, taps);
                var to = moved.AsSpan(((row * inputs) + positions[channel]) * taps, taps);
                for (var tap = 0; tap < taps; tap++)
                {
                    // A map that holds one channel twice is read with the sum of both weights.
                    to[tap] += from[tap];
                }
            }
        }

        return moved;
    }

    /// <summary>Values that belong to output channels: depthwise weights or biases.</summary>
    /// <param name="values">The plain values, output channels first.</param>
    /// <param name="perChannel">Values per channel.</param>
    /// <param name="rows">For each output of the result the plain channel, or -1 for padding.</param>
    public static float[] Rows(ReadOnlySpan<float> values, int perChannel, ReadOnlySpan<int> rows)
    {
        var moved = new float[rows.Length * perChannel];
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] >= 0)
            {
                values.Slice(rows[row] * perChannel, perChannel).CopyTo(moved.AsSpan(row * perChannel));
            }
        }

        return moved;
    }
}
