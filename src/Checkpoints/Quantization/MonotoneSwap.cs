using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>
/// Lets a maximum pooling come before the leaky rectifier that feeds it: the rectifier rises, so that the largest of its values is its
/// value of the largest. It then has a quarter of the values to do. A rectifier between the pooling and a quantisation also keeps ONNX
/// Runtime from pulling the quantisation in front of the pooling, where bytes in planes are pooled an order of magnitude slower than floats
/// in blocks.
/// </summary>
internal static class MonotoneSwap
{
    /// <summary>Reorders the nodes of a graph.</summary>
    public static void Apply(GraphProto graph)
    {
        var index = new GraphIndex(graph);
        foreach (var pool in graph.Node.Where(node => node.OpType == "MaxPool" && node.Output.Count == 1).ToList())
        {
            if (index.Producer(pool.Input[0]) is not { OpType: "LeakyRelu" } rectifier
                || !ReferenceEquals(index.OnlyConsumer(rectifier.Output[0]), pool)
                || QuantizationPlan.LeakySlope(rectifier) < 0)
            {
                continue;
            }

            // What the two make keeps its name; the value between them gets another meaning and so another name.
            var between = $"{pool.Output[0]}.before.{rectifier.Name}";
            pool.Input[0] = rectifier.Input[0];
            rectifier.Output[0] = pool.Output[0];
            rectifier.Input[0] = between;
            pool.Output[0] = between;
            graph.Node.Remove(rectifier);
            graph.Node.Insert(graph.Node.IndexOf(pool) + 1, rectifier);
        }
    }
}
