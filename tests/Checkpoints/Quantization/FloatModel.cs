using Google.Protobuf;
using Nanodet.Checkpoints.Graph;

namespace Nanodet.Serverless.Checkpoints.Tests.Quantization;

/// <summary>A float32 model of a few layers, made node by node.</summary>
internal sealed class FloatModel
{
    private readonly OnnxGraph _graph = new();
    private string _last = "data";

    /// <summary>The names of the convolutions' outputs and so on are those of the nodes.</summary>
    public FloatModel Conv(string name, int inputs, int outputs, int kernel = 1, int groups = 1, string? from = null)
    {
        var random = new Random(name.Sum(letter => letter));
        var weights = Enumerable.Range(0, outputs * inputs / groups * kernel * kernel).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        var biases = Enumerable.Range(0, outputs).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        _last = _graph.Node(
            "Conv",
            name,
            [from ?? _last, _graph.Floats($"{name}.weight", weights, outputs, inputs / groups, kernel, kernel), _graph.Floats($"{name}.bias", biases, outputs)],
            OnnxGraph.Attribute("group", groups),
            OnnxGraph.Attribute("kernel_shape", [kernel, kernel]),
            OnnxGraph.Attribute("pads", [kernel / 2, kernel / 2, kernel / 2, kernel / 2]));
        return this;
    }

    public FloatModel Leaky(string name) => Then("LeakyRelu", name, OnnxGraph.Attribute("alpha", 0.1f));

    public FloatModel Relu(string name) => Then("Relu", name);

    public FloatModel Sigmoid(string name) => Then("Sigmoid", name);

    public FloatModel MaxPool(string name) => Then("MaxPool", name, OnnxGraph.Attribute("kernel_shape", [2, 2]), OnnxGraph.Attribute("strides", [2, 2]));

    public FloatModel Concat(string name, params string[] inputs)
    {
        _last = _graph.Node("Concat", name, inputs, OnnxGraph.Attribute("axis", 1L));
        return this;
    }

    /// <summary>The file. Input <c>data</c> is 1 x 3 x 8 x 8, output is <c>output</c>.</summary>
    public byte[] Build()
    {
        _graph.Node("Identity", "output", [_last]);
        return _graph.ToModel("few", ("data", [1, 3, 8, 8]), ("output", [1, "channels", "rows", "columns"])).ToByteArray();
    }

    private FloatModel Then(string type, string name, params Onnx.AttributeProto[] attributes)
    {
        _last = _graph.Node(type, name, [_last], attributes);
        return this;
    }
}
