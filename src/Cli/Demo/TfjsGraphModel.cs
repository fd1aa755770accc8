using System.Buffers.Binary;
using System.Text.Json;

namespace Nanodet.Serverless.Cli.Demo;

/// <summary>
/// The parts of a TensorFlow.js graph model that the demo needs: its float weights and, per convolution, kernel and bias. A model
/// is a JSON file and one file with all weights one after the other, in the order of the manifest.
/// </summary>
internal sealed class TfjsGraphModel
{
    private readonly Dictionary<string, TfjsTensor> _weights;
    private readonly List<(string Name, string Operator, string[] Inputs)> _nodes;

    private TfjsGraphModel(Dictionary<string, TfjsTensor> weights, List<(string, string, string[])> nodes)
    {
        _weights = weights;
        _nodes = nodes;
    }

    /// <summary>Reads a model.</summary>
    /// <param name="json">The graph and the manifest.</param>
    /// <param name="weights">The weights.</param>
    /// <exception cref="InvalidDataException">The files are not such a model.</exception>
    public static TfjsGraphModel Read(byte[] json, byte[] weights)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var nodes = root.GetProperty("modelTopology").GetProperty("node").EnumerateArray()
                .Select(node => (
                    node.GetProperty("name").GetString()!,
                    node.GetProperty("op").GetString()!,
                    node.TryGetProperty("input", out var inputs)
                        ? inputs.EnumerateArray().Select(input => input.GetString()!).ToArray()
                        : []))
                .ToList();
            return new TfjsGraphModel(ReadWeights(root.GetProperty("weightsManifest")[0].GetProperty("weights"), weights), nodes);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"The demo package's model is no TensorFlow.js graph model: {exception.Message}", exception);
        }
    }

    /// <summary>Kernel and bias of a convolution: its second input, and the second input of the addition that takes it.</summary>
    /// <param name="name">The convolution's node.</param>
    /// <exception cref="InvalidDataException">There is no such convolution.</exception>
    public (TfjsTensor Kernel, TfjsTensor Bias) Convolution(string name)
    {
        var convolution = _nodes.Find(node => node.Name == name && node.Operator == "Conv2D");
        var addition = _nodes.Find(node =>
            node.Operator is "Add" or "AddV2" or "BiasAdd" && node.Inputs is [var first, _] && first == name);
        return convolution.Inputs is [_, var kernel] && addition.Inputs is [_, var bias]
            && _weights.TryGetValue(kernel, out var kernelTensor) && _weights.TryGetValue(bias, out var biasTensor)
                ? (kernelTensor, biasTensor)
                : throw new InvalidDataException($"The demo package's model has no convolution '{name}' with kernel and bias.");
    }

    private static Dictionary<string, TfjsTensor> ReadWeights(JsonElement manifest, byte[] bytes)
    {
        var weights = new Dictionary<string, TfjsTensor>(StringComparer.Ordinal);
        var offset = 0;
        foreach (var entry in manifest.EnumerateArray())
        {
            var name = entry.GetProperty("name").GetString()!;
            var shape = entry.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32()).ToArray();
            var elements = shape.Aggregate(1, (product, dimension) => checked(product * dimension));
            var half = entry.TryGetProperty("quantization", out var quantization)
                && quantization.GetProperty("dtype").GetString() == "float16";
            var size = half ? sizeof(ushort) : sizeof(float);
            if (offset + (elements * size) > bytes.Length)
            {
                throw new InvalidDataException(
                    $"The demo package's weights end at byte {bytes.Length}; '{name}' needs {elements * size} bytes from {offset} on.");
            }

            if (entry.GetProperty("dtype").GetString() == "float32")
            {
                var values = new float[elements];
                for (var i = 0; i < elements; i++)
                {
                    var element = bytes.AsSpan(offset + (i * size), size);
                    values[i] = half
                        ? (float)BinaryPrimitives.ReadHalfLittleEndian(element)
                        : BinaryPrimitives.ReadSingleLittleEndian(element);
                }

                weights.Add(name, new TfjsTensor(name, shape, values));
            }

            offset += elements * size;
        }

        return weights;
    }
}
