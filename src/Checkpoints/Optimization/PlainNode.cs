using Onnx;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>A node of the plain graph.</summary>
/// <param name="Index">Its place in the graph.</param>
/// <param name="Proto">The node.</param>
/// <param name="Kind">What it does to channels.</param>
/// <param name="Maps">Those of its inputs that are feature maps, in order.</param>
internal sealed record PlainNode(int Index, NodeProto Proto, NodeKind Kind, IReadOnlyList<string> Maps)
{
    /// <summary>The first output.</summary>
    public string Output => Proto.Output[0];

    /// <summary>The weights of a convolution.</summary>
    public string Weight => Proto.Input[1];

    /// <summary>The biases of a convolution, or null.</summary>
    public string? Bias => Proto.Input.Count > 2 && Proto.Input[2].Length > 0 ? Proto.Input[2] : null;
}
