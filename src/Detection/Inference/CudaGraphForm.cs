using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Onnx;

namespace Nanodet.Detection.Inference;

/// <summary>
/// A model's graph as cuDNN plans it in little time. Before a convolution of a new shape runs, cuDNN plans it, and compiles kernels for
/// some: on one H100 that took 160 ms for each depthwise convolution of 3 by 3 in float32 over a small map (others: 0.4 ms), and 220 ms
/// for every depthwise one in float16. So the former get kernels of 5 by 5, whose border is zero: the same numbers. The latter are put
/// into float32 in a provisional graph, which serves until the plans of the model's own graph are there.
/// See docs/decisions/0022-one-run-at-a-time-on-a-gpu.md.
/// </summary>
internal sealed class CudaGraphForm
{
    // Seen in runs of one image: maps of up to 280 points (20 by 14) are planned slowly, maps of 324 (18 by 18) and more are not.
    private const int SmallMap = 300;

    private readonly ModelProto _model;
    private readonly Dictionary<string, TensorProto> _constants;
    private readonly Dictionary<string, (int Height, int Width)> _maps;
    private readonly bool _isProvisional;
    private bool _isChanged;

    private CudaGraphForm(ModelProto model, int height, int width, bool isProvisional)
    {
        _model = model;
        _isProvisional = isProvisional;
        _constants = model.Graph.Initializer.ToDictionary(constant => constant.Name, StringComparer.Ordinal);
        _maps = new(StringComparer.Ordinal) { [ModelSignature.InputName] = (height, width) };
    }

    /// <summary>Fits a model to a shape.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="height">Rows of the input, in pixels.</param>
    /// <param name="width">Columns of the input, in pixels.</param>
    /// <param name="isProvisional">Whether depthwise convolutions in float16 are to run in float32.</param>
    /// <returns>The bytes of another file; the same where there is nothing to change.</returns>
    internal static byte[] Fit(byte[] model, int height, int width, bool isProvisional)
    {
        try
        {
            var form = new CudaGraphForm(ModelProto.Parser.ParseFrom(model), height, width, isProvisional);
            form.Fit();
            return form._isChanged ? form._model.ToByteArray() : model;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentException)
        {
            // What is wrong with it is for ONNX Runtime to say, if it is wrong.
            return model;
        }
    }

    private void Fit()
    {
        var nodes = _model.Graph.Node.ToArray();
        _model.Graph.Node.Clear();
        foreach (var node in nodes)
        {
            Measure(node);
            if (!IsDepthwise(node))
            {
                _model.Graph.Node.Add(node);
                continue;
            }

            var isHalf = TypeOf(node.Input[1]) == TensorProto.Types.DataType.Float16;
            if (isHalf && _isProvisional)
            {
                AddInFloat32(node);
            }
            else
            {
                _model.Graph.Node.Add(node);
            }

            if (!isHalf || _isProvisional)
            {
                WidenOverSmallMap(node);
            }
        }
    }

    private TensorProto.Types.DataType TypeOf(string constant) => (TensorProto.Types.DataType)_constants[constant].DataType;

    /// <summary>Keeps the height and width of a node's maps, where they are known.</summary>
    private void Measure(NodeProto node)
    {
        var map = node.Input.Where(_maps.ContainsKey).Select(input => ((int, int)?)_maps[input]).FirstOrDefault();
        if (map is not (int height, int width))
        {
            return;
        }

        (int, int)? result = node.OpType switch
        {
            "Conv" when _constants.TryGetValue(node.Input[1], out var weight) && weight.Dims.Count == 4 =>
                (Slid(node, height, 0, (int)weight.Dims[2]), Slid(node, width, 1, (int)weight.Dims[3])),
            "MaxPool" or "AveragePool" when Integers(node, "kernel_shape") is [var rows, var columns] =>
                (Slid(node, height, 0, (int)rows), Slid(node, width, 1, (int)columns)),
            "Resize" when node.Input.Count > 2 && Floats(node.Input[2]) is [_, _, var down, var across] =>
                ((int)(height * down), (int)(width * across)),
            "Resize" or "Reshape" or "Flatten" or "Transpose" or "Shape" or "GlobalAveragePool" or "Conv" or "MaxPool" or "AveragePool" =>
                null,
            _ => (height, width),
        };
        if (result is { } known)
        {
            foreach (var output in node.Output)
            {
                _maps[output] = known;
            }
        }
    }

    private static int Slid(NodeProto node, int side, int axis, int kernel)
    {
        var pads = Integers(node, "pads");
        var strides = Integers(node, "strides");
        var padded = side + (pads.Count == 4 ? (int)(pads[axis] + pads[axis + 2]) : 0);
        return ((padded - kernel) / (strides.Count == 2 ? (int)strides[axis] : 1)) + 1;
    }

    private static RepeatedField<long> Integers(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.Ints ?? [];

    private float[] Floats(string name) =>
        _constants.TryGetValue(name, out var constant) ? MemoryMarshal.Cast<byte, float>(constant.RawData.Span).ToArray() : [];

    /// <summary>One kernel of a channel's own for each channel, its weights in the file as bytes.</summary>
    private bool IsDepthwise(NodeProto node) =>
        node.OpType == "Conv"
        && _constants.TryGetValue(node.Input[1], out var weight)
        && weight is { Dims: [var channels, 1, _, _], RawData.IsEmpty: false }
        && node.Attribute.FirstOrDefault(attribute => attribute.Name == "group")?.I == channels
        && node.Input.Skip(2).All(bias => _constants.TryGetValue(bias, out var values) && !values.RawData.IsEmpty);

    private void WidenOverSmallMap(NodeProto node)
    {
        var weight = _constants[node.Input[1]];
        if (weight.Dims is not [var channels, 1, 3, 3]
            || Integers(node, "dilations").Any(dilation => dilation != 1)
            || node.Attribute.FirstOrDefault(attribute => attribute.Name == "pads")?.Ints is not { Count: 4 } pads
            || !_maps.TryGetValue(MapOf(node), out var map)
            || map.Height * map.Width > SmallMap)
        {
            return;
        }

        var narrow = weight.RawData.Span;
        var bytes = narrow.Length / (int)(channels * 9);
        var wide = new byte[channels * 25 * bytes];
        for (var row = 0; row < channels * 3; row++)
        {
            var to = ((row / 3 * 25) + (((row % 3) + 1) * 5) + 1) * bytes;
            narrow.Slice(row * 3 * bytes, 3 * bytes).CopyTo(wide.AsSpan(to));
        }

        node.Input[1] = AddConstant($"{weight.Name}/5x5", weight.DataType, wide, [channels, 1, 5, 5]);
        for (var side = 0; side < pads.Count; side++)
        {
            pads[side]++;
        }

        if (node.Attribute.FirstOrDefault(attribute => attribute.Name == "kernel_shape") is { } kernel)
        {
            kernel.Ints.Clear();
            kernel.Ints.AddRange([5, 5]);
        }
    }

    /// <summary>The map that a convolution reads, before a cast of ours.</summary>
    private string MapOf(NodeProto node) => _maps.ContainsKey(node.Input[0]) ? node.Input[0] : node.Output[0];

    private void AddInFloat32(NodeProto node)
    {
        var (input, output) = (node.Input[0], node.Output[0]);
        var map = _maps.GetValueOrDefault(input);
        var (wideInput, wideOutput) = ($"{output}/in-float32", $"{output}/float32");
        AddCast(input, wideInput, TensorProto.Types.DataType.Float);
        node.Input[0] = wideInput;
        node.Output[0] = wideOutput;
        for (var constant = 1; constant < node.Input.Count; constant++)
        {
            var half = _constants[node.Input[constant]];
            var values = MemoryMarshal.Cast<byte, Half>(half.RawData.Span);
            var wide = new float[values.Length];
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] = (float)values[i];
            }

            node.Input[constant] = AddConstant(
                $"{half.Name}/float32", (int)TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(wide.AsSpan()), half.Dims);
        }

        _model.Graph.Node.Add(node);
        AddCast(wideOutput, output, TensorProto.Types.DataType.Float16);
        if (map != default)
        {
            _maps[wideInput] = map;
        }
    }

    private void AddCast(string from, string to, TensorProto.Types.DataType type)
    {
        var cast = new NodeProto { OpType = "Cast", Name = $"nanodet cast {to}" };
        cast.Input.Add(from);
        cast.Output.Add(to);
        cast.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)type });
        _model.Graph.Node.Add(cast);
        _isChanged = true;
    }

    private string AddConstant(string name, int type, ReadOnlySpan<byte> bytes, IEnumerable<long> dims)
    {
        if (!_constants.ContainsKey(name))
        {
            var constant = new TensorProto { Name = name, DataType = type, RawData = ByteString.CopyFrom(bytes) };
            constant.Dims.AddRange(dims);
            _constants.Add(name, constant);
            _model.Graph.Initializer.Add(constant);
        }

        _isChanged = true;
        return name;
    }
}
