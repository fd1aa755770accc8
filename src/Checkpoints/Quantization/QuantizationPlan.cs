using System.Runtime.InteropServices;
using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>
/// Decides which nodes of a float32 graph compute in 8 bits, which activations vanish into the clamping of the node before, and which
/// tensors share a scale. A node that is not known here, the convolutions that read the image and the last ones on each way to the output
/// stay float32.
/// </summary>
internal sealed class QuantizationPlan
{
    private const int WeightInput = 1;
    private const int BiasInput = 2;
    private static readonly HashSet<string> Moves = new(
        ["MaxPool", "Resize", "Gather", "Split", "Slice", "Transpose", "Reshape"],
        StringComparer.Ordinal);

    private readonly GraphIndex _index;
    private readonly HashSet<NodeProto> _quantized = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<NodeProto, NodeProto> _absorbed = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, ValueRange> _bounds = new(StringComparer.Ordinal);
    private readonly RangeGroups _groups = new();
    private readonly List<ObservedTensor> _observed = [];

    private QuantizationPlan(GraphIndex index) => _index = index;

    /// <summary>The activations whose ranges have to be known, in graph order.</summary>
    public IReadOnlyList<ObservedTensor> Observed => _observed;

    /// <summary>The activations that quantised convolutions read, in graph order.</summary>
    public IReadOnlyList<string> ConvolutionInputs { get; private set; } = [];

    /// <summary>Plans a graph.</summary>
    public static QuantizationPlan Create(GraphProto graph)
    {
        var plan = new QuantizationPlan(new GraphIndex(graph));
        plan.Choose(graph);
        plan.Observe(graph);
        plan.ConvolutionInputs =
        [
            .. graph.Node
                .Where(node => node.OpType == "Conv" && plan.IsQuantized(node))
                .Select(node => node.Input[0])
                .Distinct(),
        ];
        return plan;
    }

    /// <summary>Whether a node computes in 8 bits.</summary>
    public bool IsQuantized(NodeProto node) => _quantized.Contains(node);

    /// <summary>Whether a node is done by the clamping of the one before.</summary>
    public bool IsAbsorbed(NodeProto node) => _absorbed.ContainsValue(node);

    /// <summary>The tensor that a quantised node with one output makes: its own, or that of the activation that it absorbs.</summary>
    public string Result(NodeProto node) => _absorbed.TryGetValue(node, out var activation) ? activation.Output[0] : node.Output[0];

    /// <summary>The range of each tensor that is quantised, by the ranges of the observed ones.</summary>
    public Func<string, QuantizationParameters> Parameters(IReadOnlyDictionary<string, ValueRange> ranges)
    {
        var byGroup = new Dictionary<string, ValueRange>(StringComparer.Ordinal);
        foreach (var tensor in _observed.Select(tensor => tensor.Name))
        {
            var range = _bounds.TryGetValue(tensor, out var bounds) ? ranges[tensor].Clamp(bounds) : ranges[tensor];
            var group = _groups.Of(tensor);
            byGroup[group] = byGroup.TryGetValue(group, out var others) ? others.Union(range) : range;
        }

        return tensor => QuantizationParameters.For(byGroup[_groups.Of(tensor)]);
    }

    private void Choose(GraphProto graph)
    {
        // Backwards: which tensors a convolution reads later on, over whatever way, and which ones somebody wants in 8 bits.
        var beforeConvolution = new HashSet<string>(StringComparer.Ordinal);
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        var images = graph.Input.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        var chosen = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Node.Reverse())
        {
            var leads = node.Output.Any(beforeConvolution.Contains);
            if (leads || node.OpType == "Conv")
            {
                beforeConvolution.UnionWith(node.Input);
            }

            if (IsConvolution(node)
                ? leads && !(images.Contains(node.Input[0]) && MayStayFloat(node))
                : node.Output.Any(wanted.Contains) && IsKnown(node))
            {
                chosen.Add(node);
                wanted.UnionWith(DataInputs(node));
            }
        }

        // Forwards: an operator that only moves or bends values is worth nothing in 8 bits where its input is not in 8 bits already.
        var made = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Node.Where(chosen.Contains))
        {
            var inputs = DataInputs(node);
            if (node.OpType == "Conv" || (node.OpType == "Concat" ? inputs.Any(made.Contains) : inputs.All(made.Contains)))
            {
                _quantized.Add(node);
                made.UnionWith(node.Output);
                Absorb(node, made);
            }
        }
    }

    /// <summary>
    /// Whether the convolution that reads the image is better left in float32: it has three input channels, for which there is no integer
    /// kernel. Not so where a pooling comes next without a rectifier behind it, see <see cref="MonotoneSwap"/>.
    /// </summary>
    private bool MayStayFloat(NodeProto convolution)
    {
        var next = _index.OnlyConsumer(convolution.Output[0]);
        while (next is { OpType: "Relu" or "Clip" })
        {
            next = _index.OnlyConsumer(next.Output[0]);
        }

        return next is not { OpType: "MaxPool" } || _index.OnlyConsumer(next.Output[0]) is { OpType: "LeakyRelu" };
    }

    private void Absorb(NodeProto node, HashSet<string> made)
    {
        if (node.OpType is "Conv" or "Add"
            && _index.OnlyConsumer(node.Output[0]) is { } activation
            && ClampingBounds(activation) is { } bounds)
        {
            _absorbed.Add(node, activation);
            _bounds.Add(activation.Output[0], bounds);
            made.Add(activation.Output[0]);
        }
    }

    private void Observe(GraphProto graph)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Node.Where(IsQuantized))
        {
            foreach (var input in DataInputs(node))
            {
                See(input);
            }

            if (node.OpType == "Concat" || Moves.Contains(node.OpType))
            {
                seen.UnionWith(node.Output);
                foreach (var tensor in DataInputs(node).Concat(node.Output))
                {
                    _groups.Join(node.Output[0], tensor);
                }
            }
            else
            {
                See(Result(node));
            }
        }

        void See(string tensor)
        {
            if (seen.Add(tensor))
            {
                var reader = _index.OnlyConsumer(tensor);
                _observed.Add(new ObservedTensor(
                    tensor, reader is { OpType: "LeakyRelu" } && IsQuantized(reader) ? LeakySlope(reader) : 1));
            }
        }
    }

    private bool IsKnown(NodeProto node) => node.OpType switch
    {
        "Concat" => AttributeOf(node, "axis")?.I == 1,
        "Add" => node.Input.All(input => _index.Initializer(input) is null),
        "LeakyRelu" => LeakySlope(node) is > 0 and < 1,
        _ => Moves.Contains(node.OpType),
    };

    private bool IsConvolution(NodeProto node) =>
        node.OpType == "Conv"
        && _index.Initializer(node.Input[WeightInput]) is { Dims.Count: 4, DataType: (int)TensorProto.Types.DataType.Float }
        && (node.Input.Count <= BiasInput || _index.Initializer(node.Input[BiasInput]) is not null);

    /// <summary>The inputs that hold activations, not parameters of the operator.</summary>
    private static IEnumerable<string> DataInputs(NodeProto node) => node.OpType is "Concat" or "Add" ? node.Input : node.Input.Take(1);

    private ValueRange? ClampingBounds(NodeProto node) => node switch
    {
        { OpType: "Relu" } => new ValueRange(0, float.MaxValue),
        { OpType: "Clip", Input: [_, var least, var greatest] } when Constant(least) == 0 && Constant(greatest) is { } maximum and > 0 =>
            new ValueRange(0, maximum),
        _ => null,
    };

    private float? Constant(string name) =>
        _index.Initializer(name) is { RawData.Length: sizeof(float) } tensor ? MemoryMarshal.Read<float>(tensor.RawData.Span) : null;

    /// <summary>The slope of a leaky rectifier; 0.01 where the node does not say.</summary>
    internal static float LeakySlope(NodeProto node) => AttributeOf(node, "alpha")?.F ?? 0.01f;

    internal static AttributeProto? AttributeOf(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name);
}
