using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>Who makes and who reads each tensor of a graph.</summary>
internal sealed class GraphIndex
{
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<NodeProto>> _consumers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorProto> _initializers;
    private readonly HashSet<string> _outputs;

    /// <summary>Reads a graph; later changes are not seen.</summary>
    public GraphIndex(GraphProto graph)
    {
        _initializers = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _outputs = graph.Output.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node)
        {
            foreach (var output in node.Output)
            {
                _producers[output] = node;
            }

            foreach (var input in node.Input.Where(input => input.Length > 0).Distinct(StringComparer.Ordinal))
            {
                if (!_consumers.TryGetValue(input, out var consumers))
                {
                    _consumers.Add(input, consumers = []);
                }

                consumers.Add(node);
            }
        }
    }

    /// <summary>The node that makes a tensor; null for inputs and initializers.</summary>
    public NodeProto? Producer(string tensor) => _producers.GetValueOrDefault(tensor);

    /// <summary>The nodes that read a tensor, each once.</summary>
    public IReadOnlyList<NodeProto> Consumers(string tensor) => _consumers.TryGetValue(tensor, out var found) ? found : [];

    /// <summary>The constant of that name, or null.</summary>
    public TensorProto? Initializer(string tensor) => _initializers.GetValueOrDefault(tensor);

    /// <summary>Whether the graph puts the tensor out.</summary>
    public bool IsOutput(string tensor) => _outputs.Contains(tensor);

    /// <summary>The one node that reads a tensor which the graph does not put out; null where there are several readers or none.</summary>
    public NodeProto? OnlyConsumer(string tensor) => IsOutput(tensor) || Consumers(tensor) is not [var one] ? null : one;
}
