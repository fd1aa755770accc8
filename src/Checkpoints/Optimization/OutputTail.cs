using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// Rewrites how the levels become the output. The plain graph flattens and joins them, takes the scores out, and transposes everything in
/// the end. Here each level's scores and distances are taken apart as channels, which costs nothing, so that the sigmoid can be taken in
/// by the convolution before it; and each is transposed while it leaves the blocked layout.
/// </summary>
internal static class OutputTail
{
    /// <summary>Rewrites the end of a graph; another end than that of a detector is left as it is.</summary>
    public static GraphProto Rewrite(GraphProto graph)
    {
        var producers = graph.Node.SelectMany(node => node.Output.Select(output => (output, node))).ToDictionary(StringComparer.Ordinal);
        if (Producer(producers, graph.Output[0].Name, "Transpose") is not { } transpose
            || Producer(producers, transpose.Input[0], "Concat") is not { } columns
            || Producer(producers, columns.Input[1], "Split") is not { } split
            || Producer(producers, split.Input[0], "Concat") is not { } points
            || Sizes(graph, split.Input[1]) is not [var classes, var distances])
        {
            return graph;
        }

        var flat = points.Input.Select(input => Producer(producers, input, "Reshape")).ToList();
        if (flat.Any(node => node is null))
        {
            return graph;
        }

        var sigmoid = Producer(producers, columns.Input[0], "Sigmoid");
        NodeProto?[] old = [transpose, columns, split, points, sigmoid, .. flat];
        var result = graph.Clone();
        result.Node.Clear();
        result.Node.AddRange(graph.Node.Where(node => !old.Contains(node)));
        Write(result, [.. flat.Select(node => node!.Input[0])], (int)classes, (int)distances, sigmoid is not null);
        return result;
    }

    private static void Write(GraphProto graph, IReadOnlyList<string> levels, int classes, int distances, bool sigmoid)
    {
        var sizes = Constant(graph, "tail.columns", classes, distances);
        var scores = new List<string>();
        var boxes = new List<string>();
        for (var level = 0; level < levels.Count; level++)
        {
            var name = $"head.{level.ToString(CultureInfo.InvariantCulture)}";
            var parts = Add(graph, "Split", $"{name}.columns", 2, [levels[level], sizes], OnnxGraph.Attribute("axis", 1L));
            scores.Add(sigmoid ? Add(graph, "Sigmoid", $"{name}.scores", 1, [parts[0]])[0] : parts[0]);
            boxes.Add(parts[1]);
        }

        // Whole blocks of channels are joined before the transposition, anything else behind it, as columns.
        if (classes % Costs.Block == 0 && distances % Costs.Block == 0)
        {
            var joined = scores
                .Zip(boxes, (score, box) => Add(graph, "Concat", $"{score}.joined", 1, [score, box], OnnxGraph.Attribute("axis", 1L))[0])
                .ToList();
            Join(graph, graph.Output[0].Name, joined, classes + distances);
        }
        else
        {
            var columns = new[] { Join(graph, "head.scores", scores, classes), Join(graph, "head.distances", boxes, distances) };
            Add(graph, "Concat", graph.Output[0].Name, 1, columns, OnnxGraph.Attribute("axis", 2L));
        }
    }

    /// <summary>From [batch, columns, height, width] of each level to [batch, points, columns] of all.</summary>
    private static string Join(GraphProto graph, string name, IEnumerable<string> levels, int columns)
    {
        var shape = Constant(graph, $"{name}.shape", 0, -1, columns);
        var flat = levels.Select(level =>
        {
            var last = Add(graph, "Transpose", $"{level}.last", 1, [level], OnnxGraph.Attribute("perm", 0L, 2L, 3L, 1L));
            return Add(graph, "Reshape", $"{level}.flat", 1, [last[0], shape])[0];
        }).ToList();
        return Add(graph, "Concat", name, 1, flat, OnnxGraph.Attribute("axis", 1L))[0];
    }

    private static RepeatedField<string> Add(
        GraphProto graph, string type, string name, int outputs, IEnumerable<string> inputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = type, Name = name };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs == 1
            ? [name]
            : Enumerable.Range(0, outputs).Select(index => $"{name}.{index.ToString(CultureInfo.InvariantCulture)}"));
        node.Attribute.AddRange(attributes);
        graph.Node.Add(node);
        return node.Output;
    }

    private static string Constant(GraphProto graph, string name, params ReadOnlySpan<long> values)
    {
        graph.Initializer.Add(OnnxGraph.Tensor(name, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values), values.Length));
        return name;
    }

    private static NodeProto? Producer(Dictionary<string, NodeProto> producers, string value, string type) =>
        producers.TryGetValue(value, out var node) && node.OpType == type ? node : null;

    private static long[] Sizes(GraphProto graph, string name) =>
        MemoryMarshal.Cast<byte, long>(graph.Initializer.Single(tensor => tensor.Name == name).RawData.Span).ToArray();
}
