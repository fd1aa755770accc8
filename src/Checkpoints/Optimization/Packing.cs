using System.Runtime.InteropServices;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// Late blocks of a shuffled stage read a few channels each from many tensors, and everyone who reads a tensor reads all of it. Where that
/// costs more than it saves, the few channels are gathered into one tensor first, by a pointwise convolution whose weights are ones and
/// zeros, so that the values stay what they are and the blocked layout is kept.
/// </summary>
internal static class Packing
{
    /// <summary>Gives a graph with such convolutions where they pay.</summary>
    /// <param name="plain">The graph.</param>
    /// <param name="height">Height of the input for which costs are counted.</param>
    /// <param name="width">Its width.</param>
    public static GraphProto Apply(GraphProto plain, int height, int width)
    {
        var graph = new PlainGraph(plain, height, width);
        var planner = new LayoutPlanner(graph);
        var packed = plain.Clone();
        packed.Node.Clear();
        foreach (var node in graph.Nodes)
        {
            packed.Node.Add(node.Proto);
            foreach (var map in node.Proto.Output.Where(output => node.Kind == NodeKind.Selection))
            {
                if (Sparse(graph, planner, map) is { Length: > 0 } channels)
                {
                    Pack(packed, graph, map, channels);
                }
            }
        }

        return packed;
    }

    /// <summary>The channels of a map that are worth gathering.</summary>
    private static int[] Sparse(PlainGraph graph, LayoutPlanner planner, string map)
    {
        var readers = graph.Uses(map);
        var place = planner.Place(map);
        if (!place.IsInjective || readers.Count == 0 || readers.Any(reader => reader.Kind is not (NodeKind.Mixing or NodeKind.Depthwise)))
        {
            return [];
        }

        var pixels = graph.ShapeOf(map)!.Value.Pixels;
        var perChannel = readers.Sum(reader => Costs.PerChannel(graph, reader));
        var occupancy = place.Occupancy();
        var chosen = new HashSet<int>();
        var best = new HashSet<int>();
        double bestGain = 0;
        int used = 0, size = 0;
        foreach (var tensor in Enumerable.Range(0, occupancy.Length)
            .OrderBy(tensor => (double)occupancy[tensor] / place.Tensors[tensor].Size))
        {
            chosen.Add(tensor);
            used += occupancy[tensor];
            size += place.Tensors[tensor].Size;
            var gathered = Costs.Padded(used);
            var gain = ((size - gathered) * perChannel) - (2 * Costs.Node) - (size * pixels * (Costs.Outputs(gathered) + Costs.Copy));
            if (chosen.Count > 1 && gain > bestGain)
            {
                (bestGain, best) = (gain, [.. chosen]);
            }
        }

        return place.ChannelsIn(best);
    }

    /// <summary>
    /// Adds the convolution behind a map, and puts what it gives in the place of the map's channels for all who read them.
    /// </summary>
    private static void Pack(GraphProto graph, PlainGraph plain, string map, int[] channels)
    {
        var count = plain.ShapeOf(map)!.Value.Channels;
        var identity = new float[channels.Length * channels.Length];
        for (var channel = 0; channel < channels.Length; channel++)
        {
            identity[(channel * channels.Length) + channel] = 1;
        }

        graph.Initializer.Add(OnnxGraph.Tensor(
            $"{map}.packed.weight",
            TensorProto.Types.DataType.Float,
            MemoryMarshal.AsBytes<float>(identity),
            channels.Length, channels.Length, 1, 1));
        int[] others = [.. Enumerable.Range(0, count).Except(channels)];
        int[] order = [.. others, .. channels];
        var few = Gather(graph, $"{map}.few", map, channels);
        var convolution = new NodeProto
        {
            OpType = "Conv",
            Name = $"{map}.packed",
            Input = { few, $"{map}.packed.weight" },
            Output = { $"{map}.packed" },
        };
        convolution.Attribute.Add(OnnxGraph.Attribute("kernel_shape", [1L, 1L]));
        graph.Node.Add(convolution);
        var joined = new NodeProto { OpType = "Concat", Name = $"{map}.both", Output = { $"{map}.both" } };
        joined.Input.AddRange(others.Length == 0 ? [convolution.Name] : [Gather(graph, $"{map}.many", map, others), convolution.Name]);
        joined.Attribute.Add(OnnxGraph.Attribute("axis", 1L));
        graph.Node.Add(joined);
        var ordered = Gather(
            graph, $"{map}.ordered", joined.Name, [.. Enumerable.Range(0, count).Select(channel => Array.IndexOf(order, channel))]);
        foreach (var reader in plain.Uses(map))
        {
            reader.Proto.Input[0] = ordered;
        }
    }

    private static string Gather(GraphProto graph, string name, string map, int[] channels)
    {
        long[] indices = [.. channels.Select(channel => (long)channel)];
        graph.Initializer.Add(OnnxGraph.Tensor(
            $"{name}.channels", TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes<long>(indices), indices.Length));
        var node = new NodeProto { OpType = "Gather", Name = name, Input = { map, $"{name}.channels" }, Output = { name } };
        node.Attribute.Add(OnnxGraph.Attribute("axis", 1L));
        graph.Node.Add(node);
        return name;
    }
}
