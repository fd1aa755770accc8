using System.Runtime.InteropServices;
using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// The plain graph with what the optimiser has to know of it: the shapes of its feature maps, what each node does to channels, who uses
/// what, and where the channels of each map come from. Nodes that only select channels are transparent: a map's channels are traced back
/// to the nodes that computed them.
/// </summary>
internal sealed class PlainGraph
{
    private readonly Dictionary<string, TensorProto> _initializers;
    private readonly Dictionary<string, MapShape> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChannelRef[]> _channels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlainNode> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<PlainNode>> _uses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _shapesOf = new(StringComparer.Ordinal);
    private readonly List<PlainNode> _nodes = [];

    /// <summary>Reads a graph.</summary>
    /// <param name="graph">The graph, its nodes in topological order, one input.</param>
    /// <param name="height">Height of the input for which costs are counted.</param>
    /// <param name="width">Its width.</param>
    public PlainGraph(GraphProto graph, int height, int width)
    {
        _initializers = graph.Initializer.ToDictionary(initializer => initializer.Name, StringComparer.Ordinal);
        var input = graph.Input[0];
        Define(input.Name, new MapShape((int)input.Type.TensorType.Shape.Dim[1].DimValue, height, width));
        foreach (var proto in graph.Node)
        {
            Add(proto);
        }
    }

    /// <summary>The nodes, in order.</summary>
    public IReadOnlyList<PlainNode> Nodes => _nodes;

    /// <summary>A constant of the graph, or null.</summary>
    public TensorProto? Constant(string name) => _initializers.GetValueOrDefault(name);

    /// <summary>The values of a constant of floats.</summary>
    public ReadOnlySpan<float> Floats(string name) => MemoryMarshal.Cast<byte, float>(_initializers[name].RawData.Span);

    /// <summary>The shape of a feature map; null for a value that is none.</summary>
    public MapShape? ShapeOf(string value) => _shapes.TryGetValue(value, out var shape) ? shape : null;

    /// <summary>Where each channel of a feature map was computed.</summary>
    public ChannelRef[] ChannelsOf(string value) => _channels[value];

    /// <summary>The node that a value comes from; null for the input.</summary>
    public PlainNode? Producer(string value) => _producers.GetValueOrDefault(value);

    /// <summary>The nodes that read a value.</summary>
    public IReadOnlyList<PlainNode> Uses(string value) => _uses.TryGetValue(value, out var uses) ? uses : [];

    private void Add(NodeProto proto)
    {
        var kind = Classify(proto, out var shape);
        var node = new PlainNode(_nodes.Count, proto, kind, [.. proto.Input.Where(_shapes.ContainsKey)]);
        _nodes.Add(node);
        foreach (var input in proto.Input.Distinct())
        {
            if (!_uses.TryGetValue(input, out var uses))
            {
                _uses.Add(input, uses = []);
            }

            uses.Add(node);
        }

        foreach (var output in proto.Output)
        {
            _producers.Add(output, node);
        }

        if (kind == NodeKind.Selection)
        {
            Select(proto);
        }
        else if (shape is { } known)
        {
            Define(node.Output, known);
        }
    }

    private void Define(string value, MapShape shape)
    {
        _shapes.Add(value, shape);
        _channels.Add(value, [.. Enumerable.Range(0, shape.Channels).Select(channel => new ChannelRef(value, channel))]);
    }

    private void Define(string value, MapShape like, ChannelRef[] channels)
    {
        _shapes.Add(value, like with { Channels = channels.Length });
        _channels.Add(value, channels);
    }

    private void Select(NodeProto proto)
    {
        var like = _shapes[proto.Input[0]];
        var channels = _channels[proto.Input[0]];
        switch (proto.OpType)
        {
            case "Concat":
                Define(proto.Output[0], like, [.. proto.Input.SelectMany(input => _channels[input])]);
                break;
            case "Gather":
                Define(proto.Output[0], like, [.. Integers(proto.Input[1]).Select(index => channels[index])]);
                break;
            default:
                var first = 0;
                foreach (var (output, size) in proto.Output.Zip(Integers(proto.Input[1])))
                {
                    Define(output, like, channels[first..(first + (int)size)]);
                    first += (int)size;
                }

                break;
        }
    }

    private NodeKind Classify(NodeProto node, out MapShape? shape)
    {
        shape = node.Input.Count > 0 ? ShapeOf(node.Input[0]) : null;
        if (node.OpType == "Shape" && shape is not null)
        {
            _shapesOf.Add(node.Output[0], node.Input[0]);
            shape = null;
            return NodeKind.Opaque;
        }

        if (node.OpType == "Reshape")
        {
            shape = Reshaped(node.Input[1]);
            return NodeKind.Opaque;
        }

        return shape is not { } map ? NodeKind.Opaque : node.OpType switch
        {
            "Conv" => Convolution(node, map, out shape),
            "Concat" or "Split" or "Gather" when NodeAttributes.Integer(node, "axis") == 1 && IsSelection(node, map) => NodeKind.Selection,
            "Relu" or "LeakyRelu" or "Clip" or "Selu" or "Elu" or "Sigmoid" or "HardSigmoid" or "HardSwish" or "Erf" or "PRelu"
                when node.Input.Skip(1).All(IsScalar) => NodeKind.Channelwise,
            "MaxPool" or "AveragePool" or "GlobalAveragePool" or "Resize" => Resampled(node, map, out shape),
            "Add" or "Mul" or "Div" when node.Input.Skip(1).All(IsScalar) => NodeKind.Channelwise,
            "Add" or "Mul" when ShapeOf(node.Input[1])?.Channels == map.Channels => NodeKind.Joining,
            "Add" or "Mul" when Constant(node.Input[1]) is not null => NodeKind.Opaque,
            _ => Unknown(out shape),
        };
    }

    private static NodeKind Unknown(out MapShape? shape)
    {
        shape = null;
        return NodeKind.Opaque;
    }

    private NodeKind Convolution(NodeProto node, MapShape map, out MapShape? shape)
    {
        var weight = _initializers[node.Input[1]];
        var outputs = (int)weight.Dims[0];
        shape = Pooled(node, map) with { Channels = outputs };
        var groups = NodeAttributes.Integer(node, "group", 1);
        return groups == 1 ? NodeKind.Mixing : groups == map.Channels && groups == outputs ? NodeKind.Depthwise : NodeKind.Opaque;
    }

    private NodeKind Resampled(NodeProto node, MapShape map, out MapShape? shape)
    {
        shape = node.OpType switch
        {
            "GlobalAveragePool" => map with { Height = 1, Width = 1 },
            "Resize" => map with
            {
                Height = (int)(map.Height * Floats(node.Input[2])[2]),
                Width = (int)(map.Width * Floats(node.Input[2])[3]),
            },
            _ => Pooled(node, map),
        };
        return NodeKind.Channelwise;
    }

    private static MapShape Pooled(NodeProto node, MapShape map)
    {
        var kernel = NodeAttributes.Integers(node, "kernel_shape");
        var pads = NodeAttributes.Integers(node, "pads");
        var strides = NodeAttributes.Integers(node, "strides");
        return map with { Height = Side(map.Height, 0), Width = Side(map.Width, 1) };

        int Side(int size, int axis) =>
            (int)((size + (pads.Count > 0 ? pads[axis] + pads[axis + 2] : 0) - kernel[axis]) / (strides.Count > 0 ? strides[axis] : 1)) + 1;
    }

    private bool IsSelection(NodeProto node, MapShape map) => node.OpType == "Concat"
        ? node.Input.All(input => ShapeOf(input) is { } other && other.Height == map.Height && other.Width == map.Width)
        : Constant(node.Input[1]) is { Dims.Count: 1 };

    private bool IsScalar(string input) =>
        input.Length == 0
        || (Constant(input) is { } tensor && tensor.Dims.Aggregate(1L, (product, side) => product * side) == 1);

    private MapShape? Reshaped(string shape)
    {
        if (_shapesOf.TryGetValue(shape, out var like))
        {
            return _shapes[like];
        }

        var sides = Constant(shape) is null ? [] : Integers(shape);
        return sides is [0, > 0, > 0, > 0] ? new MapShape((int)sides[1], (int)sides[2], (int)sides[3]) : null;
    }

    private long[] Integers(string name) => MemoryMarshal.Cast<byte, long>(_initializers[name].RawData.Span).ToArray();
}
