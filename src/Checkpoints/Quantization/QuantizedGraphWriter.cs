using System.Runtime.InteropServices;
using Google.Protobuf;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>
/// Rewrites a graph by its plan. A quantised node keeps its operator and stands between <c>DequantizeLinear</c> on each input and
/// <c>QuantizeLinear</c> on each output, the form that execution providers fuse into integer kernels and that means the same without any.
/// </summary>
internal sealed class QuantizedGraphWriter(
    GraphProto source, QuantizationPlan plan, Func<string, QuantizationParameters> parameters, IReadOnlyDictionary<string, float[]> means)
{
    private const int WeightInput = 1;
    private const int BiasInput = 2;

    private readonly GraphProto _graph = new() { Name = source.Name };
    private readonly GraphIndex _index = new(source);
    private readonly Dictionary<string, string> _quantized = new(StringComparer.Ordinal);
    private readonly HashSet<string> _floats = new(source.Input.Select(input => input.Name), StringComparer.Ordinal);
    private readonly Dictionary<string, (string Scale, QuantizedWeight Weight)> _weights = new(StringComparer.Ordinal);
    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);

    /// <summary>Writes the graph.</summary>
    public GraphProto Write()
    {
        foreach (var node in source.Node.Where(node => !plan.IsAbsorbed(node)))
        {
            if (!plan.IsQuantized(node))
            {
                foreach (var input in node.Input)
                {
                    RequireFloat(input);
                }

                _graph.Node.Add(node.Clone());
                _floats.UnionWith(node.Output);
            }
            else if (node.OpType == "LeakyRelu")
            {
                WriteLeaky(node);
            }
            else
            {
                WriteBetween(node);
            }
        }

        foreach (var output in source.Output)
        {
            RequireFloat(output.Name);
        }

        _graph.Input.AddRange(source.Input);
        _graph.Output.AddRange(source.Output);
        var read = _graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        _graph.Initializer.AddRange(source.Initializer.Where(tensor => read.Contains(tensor.Name)));
        return _graph;
    }

    private void WriteBetween(NodeProto node)
    {
        var copy = node.Clone();
        var isConvolution = node.OpType == "Conv";
        var dataInputs = node.OpType is "Concat" or "Add" ? node.Input.Count : 1;
        for (var i = 0; i < dataInputs; i++)
        {
            copy.Input[i] = Dequantize(Quantized(node.Input[i]), $"{node.Name}.in.{i}", parameters(node.Input[i]));
        }

        if (isConvolution)
        {
            WriteWeights(node, copy);
        }

        for (var i = 0; i < node.Output.Count; i++)
        {
            copy.Output[i] = $"{node.Output[i]}.float";
        }

        _graph.Node.Add(copy);
        if (node.Output.Count == 1)
        {
            QuantizeAs(copy.Output[0], plan.Result(node));
            return;
        }

        for (var i = 0; i < node.Output.Count; i++)
        {
            QuantizeAs(copy.Output[i], node.Output[i]);
        }
    }

    /// <summary>
    /// A leaky rectifier as a sum: <c>max(x, slope * x) = slope * x + (1 - slope) * max(x, 0)</c>. The maximum is one of bytes, and the
    /// slopes are part of the scales, so that there is nothing to compute but a clamp and a quantised sum, both of which have vector
    /// kernels; ONNX Runtime's quantised leaky rectifier looks every byte up in a table.
    /// </summary>
    private void WriteLeaky(NodeProto node)
    {
        var input = Quantized(node.Input[0]);
        var (scale, zero) = parameters(node.Input[0]);
        var slope = QuantizationPlan.LeakySlope(node);
        var positive = Add("Clip", $"{node.Name}.positive", input, Byte(zero));
        var sum = Add(
            "Add",
            $"{node.Output[0]}.float",
            Dequantize(input, $"{node.Name}.sloped", new QuantizationParameters(scale * slope, zero)),
            Dequantize(positive, $"{node.Name}.rest", new QuantizationParameters(scale * (1 - slope), zero)));
        QuantizeAs(sum, node.Output[0]);
    }

    private void WriteWeights(NodeProto node, NodeProto copy)
    {
        var name = node.Input[WeightInput];
        if (!_weights.TryGetValue(name, out var shared))
        {
            var bias = node.Input.Count > BiasInput ? _index.Initializer(node.Input[BiasInput]) : null;
            var weight = QuantizedWeight.From(_index.Initializer(name)!, bias, parameters(node.Input[0]).Scale);
            shared = (
                Constant(
                    $"{name}.scale",
                    TensorProto.Types.DataType.Float,
                    MemoryMarshal.AsBytes<float>(weight.Scales),
                    weight.Scales.Length),
                weight);
            _weights.Add(name, shared);
        }

        // Each convolution has bytes of its own, also where a head's are the same at every stride: on x64 CPUs without VNNI ONNX Runtime
        // makes them unsigned, convolution by convolution, and refuses a graph in which it meets some twice.
        copy.Input[WeightInput] = AddWith(
            "DequantizeLinear",
            $"{node.Name}.weight.float",
            [OnnxGraph.Attribute("axis", 0L)],
            Constant(
                $"{node.Name}.weight.int8",
                TensorProto.Types.DataType.Int8,
                MemoryMarshal.AsBytes<sbyte>(shared.Weight.Values),
                [.. shared.Weight.Shape]),
            shared.Scale,
            Constant(
                $"{node.Name}.weight.zero",
                TensorProto.Types.DataType.Int8,
                new byte[shared.Weight.Scales.Length],
                shared.Weight.Scales.Length));
        if (node.Input.Count <= BiasInput)
        {
            return;
        }

        var (values, scales) = shared.Weight.Bias(
            _index.Initializer(node.Input[BiasInput])!,
            Shift(node, shared.Weight),
            parameters(node.Input[0]).Scale);
        copy.Input[BiasInput] = AddWith(
            "DequantizeLinear",
            $"{node.Name}.bias.float",
            [OnnxGraph.Attribute("axis", 0L)],
            Constant($"{node.Name}.bias.int32", TensorProto.Types.DataType.Int32, MemoryMarshal.AsBytes<int>(values), values.Length),
            Constant($"{node.Name}.bias.scale", TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes<float>(scales), scales.Length),
            Constant($"{node.Name}.bias.zero", TensorProto.Types.DataType.Int32, new byte[values.Length * sizeof(int)], values.Length));
    }

    /// <summary>
    /// By how much rounded weights move the means of a convolution's outputs; zeros where its input's means are not known.
    /// </summary>
    private double[] Shift(NodeProto convolution, QuantizedWeight rounded)
    {
        var input = convolution.Input[0];
        if (!means.TryGetValue(input, out var channels))
        {
            return new double[rounded.Scales.Length];
        }

        var groups = QuantizationPlan.AttributeOf(convolution, "group")?.I ?? 1;
        var expected = rounded.Shape[1] * groups;
        return channels.Length == expected
            ? rounded.MeanShift(_index.Initializer(convolution.Input[WeightInput])!, channels)
            : throw new CheckpointException(
                CheckpointErrorCode.IncompleteCalibration,
                $"{input}: means of {expected} channels were expected, {channels.Length} were found.");
    }

    /// <summary>The bytes of a tensor, which is quantised where it is first wanted.</summary>
    private string Quantized(string tensor)
    {
        if (!_quantized.ContainsKey(tensor))
        {
            QuantizeAs(tensor, tensor);
        }

        return _quantized[tensor];
    }

    private void RequireFloat(string tensor)
    {
        if (_quantized.TryGetValue(tensor, out var bytes) && _floats.Add(tensor))
        {
            // The tensor's name is the name of the node that made it, too.
            Dequantize(bytes, $"{tensor}.float32", parameters(tensor));
            _graph.Node[^1].Output[0] = tensor;
        }
    }

    private void QuantizeAs(string from, string tensor)
    {
        var (scale, zero) = parameters(tensor);
        _quantized.Add(tensor, Add("QuantizeLinear", $"{tensor}.bytes", from, Float(scale), Byte(zero)));
    }

    private string Dequantize(string bytes, string name, QuantizationParameters by) =>
        Add("DequantizeLinear", name, bytes, Float(by.Scale), Byte(by.ZeroPoint));

    private string Add(string type, string name, params IEnumerable<string> inputs) => AddWith(type, name, [], inputs);

    private string AddWith(string type, string name, AttributeProto[] attributes, params IEnumerable<string> inputs)
    {
        var node = new NodeProto { OpType = type, Name = name, Output = { name } };
        node.Input.AddRange(inputs);
        node.Attribute.AddRange(attributes);
        _graph.Node.Add(node);
        return name;
    }

    private string Float(float value) =>
        Constant(
            $"scale.{BitConverter.SingleToUInt32Bits(value):x8}",
            TensorProto.Types.DataType.Float,
            MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)));

    private string Byte(byte value) => Constant($"zero.{value}", TensorProto.Types.DataType.Uint8, [value]);

    private string Constant(string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> littleEndian, params ReadOnlySpan<long> shape)
    {
        if (_constants.Add(name))
        {
            var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(littleEndian) };
            foreach (var dimension in shape)
            {
                tensor.Dims.Add(dimension);
            }

            _graph.Initializer.Add(tensor);
        }

        return name;
    }
}
