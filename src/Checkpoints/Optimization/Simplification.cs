using System.Runtime.InteropServices;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>Puts nodes in the place of others that ONNX Runtime has faster kernels for, or fuses, and that compute the same.</summary>
internal static class Simplification
{
    /// <summary>Gives a graph with the faster nodes.</summary>
    public static GraphProto Apply(GraphProto plain)
    {
        var graph = plain.Clone();
        var constants = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        for (var index = 0; index < graph.Node.Count; index++)
        {
            var node = graph.Node[index];
            graph.Node[index] = node.OpType switch
            {
                "PRelu" when Floats(constants, node.Input[1]) is [var slope] => LeakyRelu(node, slope),
                "Resize" when Floats(constants, node.Input[2]) is [1, 1, 0.5f, 0.5f] && IsBilinear(node) => MeanOfFour(node),
                _ => node,
            };
        }

        return graph;
    }

    /// <summary>A PReLU with one slope; convolutions take a LeakyReLU in.</summary>
    private static NodeProto LeakyRelu(NodeProto node, float slope) => new()
    {
        OpType = "LeakyRelu",
        Name = node.Name,
        Input = { node.Input[0] },
        Output = { node.Output },
        Attribute = { OnnxGraph.Attribute("alpha", slope) },
    };

    /// <summary>Halving by bilinear interpolation: each output lies amidst four pixels, so it is their mean.</summary>
    private static NodeProto MeanOfFour(NodeProto node) => new()
    {
        OpType = "AveragePool",
        Name = node.Name,
        Input = { node.Input[0] },
        Output = { node.Output },
        Attribute = { OnnxGraph.Attribute("kernel_shape", [2L, 2L]), OnnxGraph.Attribute("strides", [2L, 2L]) },
    };

    private static bool IsBilinear(NodeProto node) =>
        NodeAttributes.Text(node, "mode") == "linear" && NodeAttributes.Text(node, "coordinate_transformation_mode") == "half_pixel";

    private static float[] Floats(Dictionary<string, TensorProto> constants, string name) =>
        constants.TryGetValue(name, out var tensor) ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray() : [];
}
