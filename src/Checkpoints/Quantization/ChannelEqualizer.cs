using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>
/// Gives the channels of an activation the same reach, so that one scale serves them all: a channel is multiplied by a factor where it is
/// made and divided by it where it is read, in the weights of the convolutions, which the function of the network does not feel.
/// Weights have a scale for each output channel and take the factors as they come. (Cross-layer equalisation: Nagel et al., "Data-Free
/// Quantization Through Weight Equalization and Bias Correction", 2019; here the reach is measured.)
/// </summary>
internal static class ChannelEqualizer
{
    private const int BiasInput = 2;

    // A channel that hardly ever speaks on the photos may on others: it is not raised to the top, but to this share of it.
    private const float QuietestShare = 1f / 32;

    /// <summary>Changes the weights of a graph.</summary>
    /// <param name="graph">A float32 graph.</param>
    /// <param name="reaches">By tensor the largest magnitude of each channel; tensors that are missing say nothing.</param>
    public static void Equalize(GraphProto graph, IReadOnlyDictionary<string, float[]> reaches)
    {
        var map = new ChannelMap(graph);
        var factors = Factors(map, reaches);
        var initializers = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var biases = graph.Node
            .Where(node => node.OpType == "Conv" && node.Input.Count > BiasInput)
            .DistinctBy(node => node.Input[1])
            .ToDictionary(node => node.Input[1], node => node.Input[BiasInput], StringComparer.Ordinal);
        foreach (var (weight, inputs, outputs) in map.Convolutions)
        {
            var made = Array.ConvertAll(outputs, channel => factors.GetValueOrDefault(channel, 1));
            Scale(initializers[weight], made, Array.ConvertAll(inputs, channel => factors.GetValueOrDefault(channel, 1)));
            if (biases.TryGetValue(weight, out var bias))
            {
                Scale(initializers[bias], made, []);
            }
        }
    }

    private static Dictionary<int, float> Factors(ChannelMap map, IReadOnlyDictionary<string, float[]> reaches)
    {
        var byChannel = new Dictionary<int, float>();
        foreach (var (tensor, reach) in reaches)
        {
            if (map.Of(tensor) is not { } channels || channels.Length != reach.Length)
            {
                continue;
            }

            var least = reach.Max() * QuietestShare;
            foreach (var (channel, value) in channels.Zip(reach).Where(pair => pair.Second > 0 && !map.IsFixed(pair.First)))
            {
                byChannel[channel] = MathF.Max(byChannel.GetValueOrDefault(channel), MathF.Max(value, least));
            }
        }

        return byChannel.ToDictionary(pair => pair.Key, pair => 1 / pair.Value);
    }

    /// <summary>Multiplies rows and divides columns.</summary>
    /// <param name="tensor">Output channels first, then the input channels of a group.</param>
    /// <param name="made">A factor for each output channel.</param>
    /// <param name="read">A factor for each input channel of all groups; empty where none is known.</param>
    private static void Scale(TensorProto tensor, float[] made, float[] read)
    {
        var values = MemoryMarshal.Cast<byte, float>(tensor.RawData.ToByteArray()).ToArray();
        var columns = read.Length == 0 ? 1 : (int)tensor.Dims[1];
        var rowsPerGroup = read.Length == 0 ? made.Length : made.Length * columns / read.Length;
        var taps = values.Length / made.Length / columns;
        for (var i = 0; i < values.Length; i++)
        {
            var (row, column) = (i / (columns * taps), i / taps % columns);
            values[i] *= read.Length == 0 ? made[row] : made[row] / read[(row / rowsPerGroup * columns) + column];
        }

        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values));
    }
}
