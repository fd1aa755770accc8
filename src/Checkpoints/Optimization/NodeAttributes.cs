using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>Reads the attributes of a node.</summary>
internal static class NodeAttributes
{
    /// <summary>An integer, or the fallback where the node has no such attribute.</summary>
    public static long Integer(NodeProto node, string name, long fallback = 0) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.I ?? fallback;

    /// <summary>A list of integers; empty where the node has no such attribute.</summary>
    public static IReadOnlyList<long> Integers(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.Ints is { } values ? values : [];

    /// <summary>A text; null where the node has no such attribute.</summary>
    public static string? Text(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.S.ToStringUtf8();
}
