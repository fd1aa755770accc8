using Nanodet.Checkpoints.Graph;

namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>
/// A feature map as a sequence of its pixels through transformer encoders (<c>nanodet/model/module/transformer.py</c>): layer
/// normalisation before attention and before the perceptron, a sum after each. Sequences are [batch, tokens, channels] here.
/// </summary>
/// <param name="OutChannels">Features of a token.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Encoders">Encoder layers.</param>
/// <param name="HiddenRatio">Ratio of the perceptron's hidden features to its features.</param>
/// <param name="Activation">Activation of the perceptron.</param>
internal sealed record TransformerBlock(int OutChannels, int Heads, int Encoders, int HiddenRatio, Activation Activation)
{
    private const float LayerNormEpsilon = 1e-5f;

    /// <summary>Writes the block.</summary>
    /// <param name="network">Where to.</param>
    /// <param name="x">The feature map.</param>
    /// <param name="name">The module's name.</param>
    /// <param name="positions">Name of the position embedding, [tokens, 1, channels].</param>
    public FeatureMap Build(NetworkBuilder network, FeatureMap x, string name, string positions)
    {
        // The module owns a linear layer that it never runs.
        network.Weights.Ignore($"{name}.linear.");
        if (x.Channels != OutChannels)
        {
            x = new ConvModule(OutChannels, 1, null, Activation.ReLU).Build(network, x, $"{name}.conv");
        }

        var graph = network.Graph;
        var tokens = x.Height * x.Width;
        var flat = graph.Node("Reshape", $"{name}.flatten", [x.Value, graph.Integers(0, OutChannels, -1)]);
        var sequence = graph.Node("Transpose", $"{name}.tokens", [flat], OnnxGraph.Attribute("perm", 0L, 2L, 1L));
        sequence = graph.Node(
            "Add",
            $"{name}.positioned",
            [sequence, graph.Floats(positions, network.Weights.Take(positions, tokens, 1, OutChannels), 1, tokens, OutChannels)]);
        for (var encoder = 0; encoder < Encoders; encoder++)
        {
            sequence = Encoder(network, sequence, $"{name}.encoders.{encoder}");
        }

        var back = graph.Node("Transpose", $"{name}.channels", [sequence], OnnxGraph.Attribute("perm", 0L, 2L, 1L));
        return x with { Value = graph.Node("Reshape", name, [back, graph.Integers(0, OutChannels, x.Height, x.Width)]) };
    }

    private string Encoder(NetworkBuilder network, string x, string name)
    {
        var attended = Attention(network, LayerNorm(network, x, $"{name}.norm1"), $"{name}.attn");
        x = network.Graph.Node("Add", $"{name}.attended", [x, attended]);
        var hidden = Linear(network, LayerNorm(network, x, $"{name}.norm2"), $"{name}.mlp.fc1", OutChannels, OutChannels * HiddenRatio);
        hidden = network.Activate(new FeatureMap(hidden, 1, 1, 1), Activation, $"{name}.mlp.act").Value;
        return network.Graph.Node("Add", name, [x, Linear(network, hidden, $"{name}.mlp.fc2", OutChannels * HiddenRatio, OutChannels)]);
    }

    /// <summary>Multi-head self-attention: softmax(q k' / sqrt(d)) v per head, d features of a head, then a linear layer.</summary>
    private string Attention(NetworkBuilder network, string x, string name)
    {
        var graph = network.Graph;
        var perHead = OutChannels / Heads;
        var projected = Linear(network, x, $"{name}.in_proj_", $"{name}.in_proj", OutChannels, OutChannels * 3);
        var parts = graph.Node(
            "Split",
            $"{name}.split",
            3,
            [projected, graph.Integers(OutChannels, OutChannels, OutChannels)],
            OnnxGraph.Attribute("axis", 2L));
        var query = Split(parts[0], "query", [0, 2, 1, 3]);
        var key = Split(parts[1], "key", [0, 2, 3, 1]);
        var value = Split(parts[2], "value", [0, 2, 1, 3]);

        query = graph.Node("Mul", $"{name}.scaled", [query, graph.Scalar((float)(1 / Math.Sqrt(perHead)))]);
        var weights = graph.Node(
            "Softmax", $"{name}.weights", [graph.Node("MatMul", $"{name}.products", [query, key])], OnnxGraph.Attribute("axis", -1L));
        var mixed = graph.Node("MatMul", $"{name}.mixed", [weights, value]);
        mixed = graph.Node("Transpose", $"{name}.heads", [mixed], OnnxGraph.Attribute("perm", 0L, 2L, 1L, 3L));
        mixed = graph.Node("Reshape", $"{name}.merged", [mixed, graph.Integers(0, 0, OutChannels)]);
        return Linear(network, mixed, $"{name}.out_proj", OutChannels, OutChannels);

        string Split(string part, string role, long[] order)
        {
            var heads = graph.Node("Reshape", $"{name}.{role}.heads", [part, graph.Integers(0, 0, Heads, perHead)]);
            return graph.Node("Transpose", $"{name}.{role}", [heads], OnnxGraph.Attribute("perm", order));
        }
    }

    private string LayerNorm(NetworkBuilder network, string x, string name) => network.Graph.Node(
        "LayerNormalization",
        name,
        [
            x,
            network.Graph.Floats($"{name}.weight", network.Weights.Take($"{name}.weight", OutChannels), OutChannels),
            network.Graph.Floats($"{name}.bias", network.Weights.Take($"{name}.bias", OutChannels), OutChannels),
        ],
        OnnxGraph.Attribute("axis", -1L),
        OnnxGraph.Attribute("epsilon", LayerNormEpsilon));

    private static string Linear(NetworkBuilder network, string x, string name, int inputs, int outputs) =>
        Linear(network, x, $"{name}.", name, inputs, outputs);

    /// <summary>x W' + b; PyTorch keeps W as [outputs, inputs].</summary>
    private static string Linear(NetworkBuilder network, string x, string prefix, string name, int inputs, int outputs)
    {
        var weight = network.Weights.Take($"{prefix}weight", outputs, inputs);
        var transposed = new float[weight.Length];
        for (var output = 0; output < outputs; output++)
        {
            for (var input = 0; input < inputs; input++)
            {
                transposed[(input * outputs) + output] = weight[(output * inputs) + input];
            }
        }

        var graph = network.Graph;
        var product = graph.Node("MatMul", $"{name}.product", [x, graph.Floats($"{prefix}weight", transposed, inputs, outputs)]);
        return graph.Node("Add", name, [product, graph.Floats($"{prefix}bias", network.Weights.Take($"{prefix}bias", outputs), outputs)]);
    }
}
