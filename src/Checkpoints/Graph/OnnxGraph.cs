using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;

namespace Nanodet.Checkpoints.Graph;

/// <summary>
/// Collects the nodes and initializers of an ONNX graph in the order in which they are made. Nodes that the output does not need
/// are dropped when the model is written, so that building a part and not using it costs nothing.
/// </summary>
internal sealed class OnnxGraph
{
    /// <summary>The operator set of the default domain.</summary>
    public const int Opset = 17;

    /// <summary>The version of the file format; 8 is the one that goes with opset 17.</summary>
    public const int IrVersion = 8;

    private readonly List<NodeProto> _nodes = [];
    private readonly Dictionary<string, TensorProto> _initializers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Adds a node with one output.</summary>
    /// <param name="type">The operator.</param>
    /// <param name="name">Name of node and output; a number is appended where it is taken.</param>
    /// <param name="inputs">Names of values; empty for an input that is left out.</param>
    /// <param name="attributes">The attributes.</param>
    /// <returns>The name of the output.</returns>
    public string Node(string type, string name, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes) =>
        Node(type, name, outputs: 1, inputs, attributes)[0];

    /// <summary>Adds a node with several outputs.</summary>
    public IReadOnlyList<string> Node(
        string type, string name, int outputs, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        var unique = Unique(name);
        var node = new NodeProto { OpType = type, Name = unique };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs == 1
            ? [unique]
            : Enumerable.Range(0, outputs).Select(index => $"{unique}.{index.ToString(CultureInfo.InvariantCulture)}"));
        node.Attribute.AddRange(attributes);
        _nodes.Add(node);
        return node.Output;
    }

    /// <summary>Adds a float initializer.</summary>
    public string Floats(string name, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) =>
        Initializer(name, TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(values), shape);

    /// <summary>Adds a float scalar; equal values share one initializer.</summary>
    public string Scalar(float value)
    {
        var name = "scalar." + value.ToString("R", CultureInfo.InvariantCulture);
        return _initializers.ContainsKey(name) ? name : Floats(name, [value]);
    }

    /// <summary>Adds a list of 64-bit integers; equal lists share one initializer.</summary>
    public string Integers(params ReadOnlySpan<long> values)
    {
        var name = "shape."
            + string.Join("_", values.ToArray().Select(value => value.ToString(CultureInfo.InvariantCulture))).Replace('-', 'm');
        return _initializers.ContainsKey(name)
            ? name
            : Initializer(name, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values), values.Length);
    }

    /// <summary>Adds a constant of another graph under its own name, once.</summary>
    public string Constant(TensorProto constant)
    {
        if (_initializers.TryGetValue(constant.Name, out var known) && known.Equals(constant))
        {
            return constant.Name;
        }

        var copy = constant.Clone();
        copy.Name = Unique(constant.Name);
        _initializers.Add(copy.Name, copy);
        return copy.Name;
    }

    /// <summary>An integer attribute.</summary>
    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>A float attribute.</summary>
    public static AttributeProto Attribute(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <summary>A text attribute.</summary>
    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    /// <summary>An attribute of integers.</summary>
    public static AttributeProto Attribute(string name, params long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    /// <summary>The model file's content.</summary>
    /// <param name="graphName">Name of the graph.</param>
    /// <param name="input">Input name and its dimensions; a text is a symbolic one.</param>
    /// <param name="output">Output, likewise.</param>
    public ModelProto ToModel(string graphName, (string Name, object[] Shape) input, (string Name, object[] Shape) output) =>
        ToModel(graphName, Value(input.Name, input.Shape), Value(output.Name, output.Shape));

    /// <summary>The model file's content, with input and output as another graph has them.</summary>
    public ModelProto ToModel(string graphName, ValueInfoProto input, ValueInfoProto output)
    {
        var graph = new GraphProto { Name = graphName };
        graph.Input.Add(input);
        graph.Output.Add(output);

        var needed = new HashSet<string>(StringComparer.Ordinal) { output.Name };
        var kept = new List<NodeProto>();
        foreach (var node in Enumerable.Reverse(_nodes).Where(node => node.Output.Any(needed.Contains)))
        {
            kept.Add(node);
            needed.UnionWith(node.Input);
        }

        graph.Node.AddRange(Enumerable.Reverse(kept));
        graph.Initializer.AddRange(_initializers.Values.Where(initializer => needed.Contains(initializer.Name)));

        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "Nanodet.Serverless", Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });
        return model;
    }

    /// <summary>A constant.</summary>
    public static TensorProto Tensor(
        string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> littleEndian, params ReadOnlySpan<int> shape)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Models are written on little-endian machines.");
        }

        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(littleEndian) };
        foreach (var dimension in shape)
        {
            tensor.Dims.Add(dimension);
        }

        return tensor;
    }

    private string Initializer(
        string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> littleEndian, params ReadOnlySpan<int> shape)
    {
        var unique = Unique(name);
        _initializers.Add(unique, Tensor(unique, type, littleEndian, shape));
        return unique;
    }

    private string Unique(string name)
    {
        var unique = name;
        for (var number = 2; !_names.Add(unique); number++)
        {
            unique = $"{name}_{number.ToString(CultureInfo.InvariantCulture)}";
        }

        return unique;
    }

    private static ValueInfoProto Value(string name, object[] dimensions)
    {
        var shape = new TensorShapeProto();
        foreach (var dimension in dimensions)
        {
            shape.Dim.Add(dimension switch
            {
                string symbol => new TensorShapeProto.Types.Dimension { DimParam = symbol },
                int value => new TensorShapeProto.Types.Dimension { DimValue = value },
                _ => throw new ArgumentException($"a dimension is a text or an int, not {dimension}", nameof(dimensions)),
            });
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape },
            },
        };
    }
}
