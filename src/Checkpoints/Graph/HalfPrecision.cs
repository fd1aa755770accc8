using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;

namespace Nanodet.Checkpoints.Graph;

/// <summary>
/// Turns an exported model into one that stores its weights and computes in half precision (fp16). Input and output stay float32, so that
/// both are called alike. The parity fixture stays that of the float32 graph, so that it shows the difference.
/// </summary>
public static class HalfPrecision
{
    /// <summary>The metadata entry that names a model's precision; absent means <c>fp32</c>.</summary>
    public const string MetadataKey = "nanodet.precision";

    /// <summary>The entry's value for half precision.</summary>
    public const string MetadataValue = "fp16";

    private const int ScalesInput = 2;

    /// <summary>Converts a model.</summary>
    /// <param name="model">An ONNX file that this project exported, in float32.</param>
    /// <returns>The converted file.</returns>
    /// <exception cref="CheckpointException">
    /// The bytes are not an ONNX model, or it is in half precision already, or a weight is beyond the range of half precision.
    /// </exception>
    public static byte[] Convert(ReadOnlySpan<byte> model)
    {
        var parsed = OnnxMetadata.Parse(model);
        if (parsed.MetadataProps.Any(entry => entry.Key == MetadataKey))
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm, "The model has a precision already; a float32 model was expected.");
        }

        var graph = parsed.Graph;

        // The factors of a resize are float32 by the operator's definition, whatever it resizes.
        var kept = graph.Node
            .Where(node => node.OpType == "Resize" && node.Input.Count > ScalesInput)
            .Select(node => node.Input[ScalesInput])
            .ToHashSet();
        foreach (var tensor in graph.Initializer.Where(
            tensor => tensor.DataType == (int)TensorProto.Types.DataType.Float && !kept.Contains(tensor.Name)))
        {
            ToHalf(tensor);
        }

        CastInput(graph);
        CastOutput(graph);
        OnnxMetadata.Set(parsed, MetadataKey, MetadataValue);
        return parsed.ToByteArray();
    }

    private static void ToHalf(TensorProto tensor)
    {
        var values = MemoryMarshal.Cast<byte, float>(tensor.RawData.Span);
        var halves = new Half[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            halves[i] = (Half)values[i];
            if (!Half.IsFinite(halves[i]))
            {
                throw new CheckpointException(
                    CheckpointErrorCode.TooLarge,
                    $"{tensor.Name} holds {values[i]}; half precision ends at {Half.MaxValue}. Export in float32.");
            }
        }

        tensor.DataType = (int)TensorProto.Types.DataType.Float16;
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<Half>(halves));
    }

    private static void CastInput(GraphProto graph)
    {
        var input = graph.Input[0].Name;
        var half = $"{input}.half";
        foreach (var node in graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i] == input ? half : node.Input[i];
            }
        }

        graph.Node.Insert(0, Cast(input, half, TensorProto.Types.DataType.Float16));
    }

    private static void CastOutput(GraphProto graph)
    {
        var output = graph.Output[0].Name;
        var half = $"{output}.half";
        var last = graph.Node.Single(node => node.Output.Contains(output));
        last.Output[last.Output.IndexOf(output)] = half;
        last.Name = half;
        graph.Node.Add(Cast(half, output, TensorProto.Types.DataType.Float));
    }

    private static NodeProto Cast(string from, string to, TensorProto.Types.DataType type) => new()
    {
        OpType = "Cast",
        Name = to,
        Input = { from },
        Output = { to },
        Attribute = { OnnxGraph.Attribute("to", (long)type) },
    };
}
