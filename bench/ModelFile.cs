using Google.Protobuf;
using Onnx;

namespace Nanodet.Serverless.Bench;

/// <summary>Model files as they are, and as a user may have cleaned them.</summary>
internal static class ModelFile
{
    /// <summary>
    /// The model with its initializers taken out of the graph's inputs. Where they are inputs, a caller may replace them, so ONNX Runtime
    /// folds and reorders nothing that depends on them; the official export writes them so.
    /// </summary>
    /// <param name="model">The whole file.</param>
    public static byte[] WithoutInitializersAmongInputs(byte[] model)
    {
        var parsed = ModelProto.Parser.ParseFrom(model);
        var constants = parsed.Graph.Initializer.Select(initializer => initializer.Name).ToHashSet(StringComparer.Ordinal);
        var inputs = parsed.Graph.Input.Where(input => !constants.Contains(input.Name)).ToList();
        parsed.Graph.Input.Clear();
        parsed.Graph.Input.AddRange(inputs);
        return parsed.ToByteArray();
    }
}
