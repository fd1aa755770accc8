using System.Runtime.InteropServices;
using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>
/// Which channels of a graph's activations are the same channel, in that a factor on one is a factor on the other: through concatenations,
/// selections, poolings, sums and rectifiers down to the convolutions that read it. A channel is a number; every convolution makes new
/// ones.
/// </summary>
internal sealed class ChannelMap
{
    private const int WeightInput = 1;

    // Operators that give a channel multiplied by a positive factor when they are given one.
    private static readonly HashSet<string> Homogeneous = new(
        ["LeakyRelu", "Relu", "PRelu", "MaxPool", "AveragePool", "GlobalAveragePool", "Resize"],
        StringComparer.Ordinal);

    private readonly GraphIndex _index;
    private readonly Dictionary<string, int[]> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int[] Inputs, int[] Outputs)> _convolutions = new(StringComparer.Ordinal);
    private readonly List<int> _parents = [];
    private readonly HashSet<int> _fixed = [];

    /// <summary>Follows the channels through a graph.</summary>
    public ChannelMap(GraphProto graph)
    {
        _index = new GraphIndex(graph);
        foreach (var node in graph.Node)
        {
            Follow(node);
        }

        foreach (var output in graph.Output)
        {
            Fix(output.Name);
        }

        FixWholeTensors();
    }

    /// <summary>The convolutions by the name of their weights: channels that they read, where known, and channels that they make.</summary>
    public IEnumerable<(string Weight, int[] Inputs, int[] Outputs)> Convolutions =>
        _convolutions.Select(pair => (pair.Key, Root(pair.Value.Inputs), Root(pair.Value.Outputs)));

    /// <summary>The channels of a tensor, or null where they are not known.</summary>
    public int[]? Of(string tensor) => _tensors.TryGetValue(tensor, out var channels) ? Root(channels) : null;

    /// <summary>Whether somebody reads a channel who would not take a factor for granted.</summary>
    public bool IsFixed(int channel) => _fixed.Contains(Root(channel));

    private void Follow(NodeProto node)
    {
        var inputs = node.Input.Where(input => input.Length > 0 && _index.Initializer(input) is null).ToList();
        var known = inputs.Select(input => _tensors.GetValueOrDefault(input)).ToList();
        switch (node.OpType)
        {
            case "Conv" when _index.Initializer(node.Input[WeightInput]) is { Dims.Count: 4 } weight:
                Convolve(node, weight, known[0]);
                break;
            case "Concat" when QuantizationPlan.AttributeOf(node, "axis")?.I == 1 && known.All(channels => channels is not null):
                _tensors[node.Output[0]] = [.. known.SelectMany(channels => channels!)];
                break;
            case "Split" when QuantizationPlan.AttributeOf(node, "axis")?.I == 1 && known is [{ } channels] && Integers(node) is { } sizes:
                var start = 0;
                foreach (var (size, output) in sizes.Zip(node.Output))
                {
                    _tensors[output] = channels[start..(start += (int)size)];
                }

                break;
            case "Gather"
                when QuantizationPlan.AttributeOf(node, "axis")?.I == 1
                    && known is [{ } channels]
                    && Integers(node) is { } places:
                _tensors[node.Output[0]] = [.. places.Select(place => channels[place])];
                break;
            case "Add" when known is [{ } first, { } second] && first.Length == second.Length:
                Join(first, second);
                _tensors[node.Output[0]] = first;
                break;
            case var type when Homogeneous.Contains(type) && known is [{ } channels]:
                _tensors[node.Output[0]] = channels;
                break;
            default:
                inputs.ForEach(Fix);
                break;
        }
    }

    private void Convolve(NodeProto node, TensorProto weight, int[]? read)
    {
        var outputs = Enumerable.Range(_parents.Count, (int)weight.Dims[0]).ToArray();
        _parents.AddRange(outputs);
        _tensors[node.Output[0]] = outputs;
        if (_convolutions.TryGetValue(weight.Name, out var other))
        {
            // One set of weights on several levels: their channels have one factor.
            Join(other.Outputs, outputs);
            if (read is null || other.Inputs.Length == 0)
            {
                FixAll(read);
                FixAll(other.Inputs);
            }
            else
            {
                Join(other.Inputs, read);
            }

            return;
        }

        _convolutions.Add(weight.Name, (read ?? [], outputs));
    }

    /// <summary>A factor for some channels of a tensor and not for others would set them apart: all or none.</summary>
    private void FixWholeTensors()
    {
        for (var before = -1; before != _fixed.Count;)
        {
            before = _fixed.Count;
            foreach (var channels in _tensors.Values.Where(channels => channels.Any(IsFixed)))
            {
                FixAll(channels);
            }
        }
    }

    private void Fix(string tensor) => FixAll(_tensors.GetValueOrDefault(tensor));

    private void FixAll(int[]? channels)
    {
        foreach (var channel in channels ?? [])
        {
            _fixed.Add(Root(channel));
        }
    }

    private void Join(int[] channels, int[] others)
    {
        foreach (var (channel, other) in channels.Zip(others))
        {
            var (root, otherRoot) = (Root(channel), Root(other));
            if (root == otherRoot)
            {
                continue;
            }

            _parents[otherRoot] = root;
            if (_fixed.Contains(otherRoot))
            {
                _fixed.Add(root);
            }
        }
    }

    private int[] Root(int[] channels) => Array.ConvertAll(channels, Root);

    private int Root(int channel)
    {
        while (_parents[channel] != channel)
        {
            channel = _parents[channel] = _parents[_parents[channel]];
        }

        return channel;
    }

    private long[]? Integers(NodeProto node) =>
        node.Input.Count > 1 && _index.Initializer(node.Input[1]) is { DataType: (int)TensorProto.Types.DataType.Int64 } tensor
            ? MemoryMarshal.Cast<byte, long>(tensor.RawData.Span).ToArray()
            : null;
}
