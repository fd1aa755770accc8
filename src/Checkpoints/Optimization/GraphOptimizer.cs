using System.Globalization;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// Writes the plain graph anew, so that it computes the same with less moving of data: channels are selected and shuffled by the order of
/// the weights that read them, convolutions write the channels that are read together into tensors of their own, and channels are padded
/// to the blocks in which ONNX Runtime's CPU kernels compute.
/// </summary>
internal sealed class GraphOptimizer
{
    private readonly PlainGraph _plain;
    private readonly LayoutPlanner _planner;
    private readonly OnnxGraph _graph = new();

    // The tensors of each computed value, the values of opaque nodes under their plain names, and what was joined or written before.
    private readonly Dictionary<string, IReadOnlyList<string>> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _joined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _moved = new(StringComparer.Ordinal);

    private GraphOptimizer(GraphProto plain, int height, int width)
    {
        _plain = new PlainGraph(plain, height, width);
        _planner = new LayoutPlanner(_plain);
    }

    /// <summary>Optimises a model.</summary>
    /// <param name="plain">The plain model.</param>
    /// <param name="height">Height of the input that it is optimised for; it serves every size that the plain model serves.</param>
    /// <param name="width">Its width.</param>
    /// <returns>A model that computes the same.</returns>
    public static ModelProto Optimize(ModelProto plain, int height, int width)
    {
        var graph = OutputTail.Rewrite(Simplification.Apply(plain.Graph));
        if (graph.Node.Any(node => Costs.IsDear(node.OpType)))
        {
            return new ModelProto(plain) { Graph = graph };
        }

        graph = Packing.Apply(graph, height, width);
        var optimizer = new GraphOptimizer(graph, height, width);
        if (optimizer._plain.ShapeOf(graph.Output[0].Name) is not null)
        {
            throw new ArgumentException("The output of the plain graph has to come from a node that is no feature map.", nameof(plain));
        }

        optimizer._tensors.Add(graph.Input[0].Name, [graph.Input[0].Name]);
        foreach (var node in optimizer._plain.Nodes)
        {
            optimizer.Write(node);
        }

        return optimizer._graph.ToModel(graph.Name, graph.Input[0], graph.Output[0]);
    }

    private void Write(PlainNode node)
    {
        switch (node.Kind)
        {
            case NodeKind.Selection:
                break;
            case NodeKind.Mixing:
                WriteMixing(node);
                break;
            case NodeKind.Depthwise:
                WriteDepthwise(node);
                break;
            case NodeKind.Channelwise or NodeKind.Joining:
                WriteChannelwise(node);
                break;
            default:
                WriteOpaque(node);
                break;
        }
    }

    private void WriteMixing(PlainNode node)
    {
        var place = _planner.Place(node.Maps[0]);
        var input = Join(place, node.Maps[0]);
        var positions = place.Positions();
        var layout = _planner.LayoutOf(node.Output);
        var dims = _plain.Constant(node.Weight)!.Dims;
        var kernel = (Height: (int)dims[2], Width: (int)dims[3]);
        _tensors.Add(node.Output, [.. layout.Select((rows, index) =>
        {
            var weight = Moved(node.Weight, [rows, positions, [place.Size]], () => _graph.Floats(
                node.Weight,
                ConvolutionWeights.Mix(_plain.Floats(node.Weight), kernel.Height * kernel.Width, rows, positions, place.Size),
                rows.Length, place.Size, kernel.Height, kernel.Width));
            return _graph.Node("Conv", PartName(node, layout.Count, index), [input, weight, .. Biases(node, rows)], node.Proto.Attribute);
        })]);
    }

    private void WriteDepthwise(PlainNode node)
    {
        var place = _planner.Place(node.Maps[0]);
        var rows = _planner.LayoutOf(node.Output)[0];
        var input = place.IsInjective ? Join(place, node.Maps[0]) : Exact(node.Maps[0]);
        var dims = _plain.Constant(node.Weight)!.Dims;
        var taps = (int)(dims[2] * dims[3]);
        var weight = Moved(node.Weight, [rows], () => _graph.Floats(
            node.Weight, ConvolutionWeights.Rows(_plain.Floats(node.Weight), taps, rows), rows.Length, 1, (int)dims[2], (int)dims[3]));
        var attributes = node.Proto.Attribute
            .Where(attribute => attribute.Name != "group")
            .Append(OnnxGraph.Attribute("group", rows.Length));
        _tensors.Add(node.Output, [_graph.Node("Conv", node.Proto.Name, [input, weight, .. Biases(node, rows)], attributes)]);
    }

    private void WriteChannelwise(PlainNode node)
    {
        var inputs = _planner.FormOf(node) switch
        {
            JoinForm.ByTensor => node.Maps.Select(map => _planner.Place(map).Tensors.Select(TensorName).ToList()).ToList(),
            JoinForm.Joined => [.. node.Maps.Select(map => new List<string> { Join(_planner.Place(map), map) })],
            _ => [.. node.Maps.Select(map => new List<string> { Exact(map) })],
        };
        var parts = inputs[0].Count;
        _tensors.Add(node.Output, [.. Enumerable.Range(0, parts).Select(index =>
        {
            var map = 0;
            var names = node.Proto.Input.Select(input => _plain.ShapeOf(input) is null ? Other(input) : inputs[map++][index]);
            return _graph.Node(node.Proto.OpType, PartName(node, parts, index), names.ToList(), node.Proto.Attribute);
        })]);
    }

    private void WriteOpaque(PlainNode node)
    {
        var inputs = node.Proto.Input.Select(input => _plain.ShapeOf(input) is null ? Other(input) : Exact(input)).ToList();
        var outputs = _graph.Node(node.Proto.OpType, node.Proto.Name, node.Proto.Output.Count, inputs, node.Proto.Attribute);
        foreach (var (plain, value) in node.Proto.Output.Zip(outputs))
        {
            if (_plain.ShapeOf(plain) is null)
            {
                _values.Add(plain, value);
            }
            else
            {
                _tensors.Add(plain, [value]);
            }
        }
    }

    /// <summary>The tensors of a placement as one.</summary>
    private string Join(Placement place, string map)
    {
        var names = place.Tensors.Select(TensorName).ToList();
        if (names.Count == 1)
        {
            return names[0];
        }

        var key = string.Join('\n', names);
        if (!_joined.TryGetValue(key, out var joined))
        {
            joined = _graph.Node("Concat", $"{map}.joined", names, OnnxGraph.Attribute("axis", 1L));
            _joined.Add(key, joined);
        }

        return joined;
    }

    /// <summary>A map as the plain graph lays it out.</summary>
    private string Exact(string map)
    {
        var place = _planner.Place(map);
        var joined = Join(place, map);
        if (place.IsExact)
        {
            return joined;
        }

        var key = $"{joined}\n{string.Join(',', place.Positions())}";
        if (!_joined.TryGetValue(key, out var exact))
        {
            exact = _graph.Node(
                "Gather",
                $"{map}.exact",
                [joined, _graph.Integers([.. place.Positions().Select(position => (long)position)])],
                OnnxGraph.Attribute("axis", 1L));
            _joined.Add(key, exact);
        }

        return exact;
    }

    private IEnumerable<string> Biases(PlainNode node, int[] rows) => node.Bias is not { } bias
        ? []
        : [Moved(bias, [rows], () => _graph.Floats(bias, ConvolutionWeights.Rows(_plain.Floats(bias), 1, rows), rows.Length))];

    /// <summary>Weights that several nodes share are moved once for each way in which their channels lie.</summary>
    private string Moved(string name, int[][] places, Func<string> write)
    {
        var key = $"{name}\n{string.Join('\n', places.Select(place => string.Join(',', place)))}";
        if (!_moved.TryGetValue(key, out var moved))
        {
            moved = write();
            _moved.Add(key, moved);
        }

        return moved;
    }

    /// <summary>A value that is no feature map: a constant, or what an opaque node computed.</summary>
    private string Other(string value) =>
        _values.TryGetValue(value, out var known) ? known : _plain.Constant(value) is { } constant ? _graph.Constant(constant) : value;

    private string TensorName(TensorRef tensor) => _tensors[tensor.Value][tensor.Index];

    private static string PartName(PlainNode node, int parts, int index) =>
        parts == 1 ? node.Proto.Name : $"{node.Proto.Name}.{index.ToString(CultureInfo.InvariantCulture)}";
}
