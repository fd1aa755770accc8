using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Checkpoints.Graph;

namespace Nanodet.Checkpoints.Architectures;

/// <summary>
/// The layers of PyTorch that NanoDet uses, written as ONNX nodes: what <c>torch.nn</c> is to the official code. Names of modules
/// become names of nodes and weights; batch normalisation is folded into the convolution before it.
/// </summary>
internal sealed class NetworkBuilder(OnnxGraph graph, WeightBinder weights)
{
    // A head may run one convolution on every level; its weights are read and written once.
    private readonly Dictionary<string, (string Weight, string Bias)> _convolutions = new(StringComparer.Ordinal);

    /// <summary>The graph under construction.</summary>
    public OnnxGraph Graph { get; } = graph;

    /// <summary>The checkpoint's tensors.</summary>
    public WeightBinder Weights { get; } = weights;

    /// <summary>
    /// A convolution with the normalisation behind it: batch normalisation is folded in, group normalisation follows as nodes.
    /// </summary>
    /// <param name="x">The input.</param>
    /// <param name="layer">The layer.</param>
    public FeatureMap Convolution(FeatureMap x, ConvolutionLayer layer)
    {
        if (x.Channels % layer.Groups != 0 || layer.OutChannels % layer.Groups != 0)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"{layer.Name}: {x.Channels} and {layer.OutChannels} channels cannot be split into {layer.Groups} groups.");
        }

        if (!_convolutions.TryGetValue(layer.Name, out var parameters))
        {
            parameters = Parameters(x, layer);
            _convolutions.Add(layer.Name, parameters);
        }

        var (height, width) = (Shrink(x.Height, layer), Shrink(x.Width, layer));
        var value = Graph.Node(
            "Conv",
            layer.Name,
            [x.Value, parameters.Weight, parameters.Bias],
            OnnxGraph.Attribute("dilations", 1L, 1L),
            OnnxGraph.Attribute("group", layer.Groups),
            OnnxGraph.Attribute("kernel_shape", [layer.Kernel, layer.Kernel]),
            OnnxGraph.Attribute("pads", [layer.Padding, layer.Padding, layer.Padding, layer.Padding]),
            OnnxGraph.Attribute("strides", [layer.Stride, layer.Stride]));
        return Normalize(new FeatureMap(value, layer.OutChannels, height, width), layer);
    }

    /// <summary>An activation. <paramref name="name"/> is the activation module's name, under which PReLU keeps its slope.</summary>
    public FeatureMap Activate(FeatureMap x, Activation activation, string name) => activation switch
    {
        Activation.None => x,
        Activation.ReLU => x with { Value = Graph.Node("Relu", name, [x.Value]) },
        Activation.LeakyReLU => x with { Value = Graph.Node("LeakyRelu", name, [x.Value], OnnxGraph.Attribute("alpha", 0.1f)) },
        Activation.ReLU6 => x with { Value = Graph.Node("Clip", name, [x.Value, Graph.Scalar(0f), Graph.Scalar(6f)]) },
        Activation.Selu => x with { Value = Graph.Node("Selu", name, [x.Value]) },
        Activation.Elu => x with { Value = Graph.Node("Elu", name, [x.Value], OnnxGraph.Attribute("alpha", 1f)) },
        Activation.Gelu => x with { Value = Gelu(x.Value, name) },
        Activation.PReLU => x with { Value = Graph.Node("PRelu", name, [x.Value, Slope(name)]) },
        Activation.SiLU => x with { Value = Graph.Node("Mul", name, [x.Value, Graph.Node("Sigmoid", $"{name}.sigmoid", [x.Value])]) },
        Activation.HardSwish => x with { Value = Graph.Node("HardSwish", name, [x.Value]) },
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };

    /// <summary>The average of each channel: one pixel.</summary>
    public FeatureMap GlobalAverage(FeatureMap x, string name) =>
        x with { Value = Graph.Node("GlobalAveragePool", name, [x.Value]), Height = 1, Width = 1 };

    /// <summary>Multiplies the channels of a map by a map of one pixel.</summary>
    public FeatureMap Scale(FeatureMap x, FeatureMap factors, string name) =>
        x with { Value = Graph.Node("Mul", name, [x.Value, factors.Value]) };

    /// <summary>Multiplies a map by a learned scalar.</summary>
    public FeatureMap Scale(FeatureMap x, string name) =>
        x with { Value = Graph.Node("Mul", name, [x.Value, Graph.Floats(name, Weights.Take(name))]) };

    /// <summary>clip(x + 3, 0..6) / 6, the gate of squeeze-and-excitation.</summary>
    public FeatureMap HardSigmoid(FeatureMap x, string name) => x with
    {
        Value = Graph.Node("HardSigmoid", name, [x.Value], OnnxGraph.Attribute("alpha", 1f / 6), OnnxGraph.Attribute("beta", 0.5f)),
    };

    /// <summary>A max pooling with a square window.</summary>
    public FeatureMap MaxPool(FeatureMap x, string name, int kernel, int stride, int padding)
    {
        var value = Graph.Node(
            "MaxPool",
            name,
            [x.Value],
            OnnxGraph.Attribute("kernel_shape", [kernel, kernel]),
            OnnxGraph.Attribute("pads", [padding, padding, padding, padding]),
            OnnxGraph.Attribute("strides", [stride, stride]));
        return x with
        {
            Value = value,
            Height = ((x.Height + (2 * padding) - kernel) / stride) + 1,
            Width = ((x.Width + (2 * padding) - kernel) / stride) + 1,
        };
    }

    /// <summary>Puts the channels of two maps of equal size one after the other.</summary>
    public FeatureMap Concat(FeatureMap first, FeatureMap second, string name)
    {
        RequireEqualSize(first, second, name);
        var value = Graph.Node("Concat", name, [first.Value, second.Value], OnnxGraph.Attribute("axis", 1L));
        return first with { Value = value, Channels = first.Channels + second.Channels };
    }

    /// <summary>Splits the channels into a first part and the rest.</summary>
    public (FeatureMap First, FeatureMap Second) Split(FeatureMap x, int first, string name)
    {
        var parts = Graph.Node("Split", name, 2, [x.Value, Graph.Integers(first, x.Channels - first)], OnnxGraph.Attribute("axis", 1L));
        return (x with { Value = parts[0], Channels = first }, x with { Value = parts[1], Channels = x.Channels - first });
    }

    /// <summary>
    /// Interleaves the channels of equally large groups. A gather along the channels copies whole planes and, unlike the usual
    /// reshape, transpose, reshape, knows nothing of height and width, which may be dynamic.
    /// </summary>
    public FeatureMap ShuffleChannels(FeatureMap x, int groups, string name)
    {
        var perGroup = x.Channels / groups;
        var order = Enumerable.Range(0, x.Channels).Select(channel => (long)((channel % groups * perGroup) + (channel / groups))).ToArray();
        return x with { Value = Graph.Node("Gather", name, [x.Value, Graph.Integers(order)], OnnxGraph.Attribute("axis", 1L)) };
    }

    /// <summary>The sum of two maps of equal shape.</summary>
    public FeatureMap Add(FeatureMap first, FeatureMap second, string name)
    {
        RequireEqualSize(first, second, name);
        return first.Channels == second.Channels
            ? first with { Value = Graph.Node("Add", name, [first.Value, second.Value]) }
            : throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig, $"{name}: maps of {first.Channels} and {second.Channels} channels cannot be added.");
    }

    /// <summary>
    /// Resizes as <c>torch.nn.functional.interpolate</c> does: bilinear with half-pixel centres, or nearest by the floor of the
    /// scaled index.
    /// </summary>
    /// <param name="x">The input.</param>
    /// <param name="scale">Factor of both sides.</param>
    /// <param name="bilinear">Bilinear, else nearest.</param>
    /// <param name="name">The node's name.</param>
    public FeatureMap Resize(FeatureMap x, float scale, bool bilinear, string name)
    {
        var value = Graph.Node(
            "Resize",
            name,
            [x.Value, "", Graph.Floats($"{name}.scales", [1f, 1f, scale, scale], 4)],
            bilinear
                ? [OnnxGraph.Attribute("mode", "linear"), OnnxGraph.Attribute("coordinate_transformation_mode", "half_pixel")]
                : [
                    OnnxGraph.Attribute("mode", "nearest"),
                    OnnxGraph.Attribute("coordinate_transformation_mode", "asymmetric"),
                    OnnxGraph.Attribute("nearest_mode", "floor"),
                ]);
        return x with { Value = value, Height = (int)(x.Height * scale), Width = (int)(x.Width * scale) };
    }

    private static int Shrink(int size, ConvolutionLayer layer)
    {
        var shrunk = size + (2 * layer.Padding) - layer.Kernel;
        return shrunk >= 0
            ? (shrunk / layer.Stride) + 1
            : throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"{layer.Name}: a kernel of {layer.Kernel} does not fit into {size} pixels.");
    }

    private (string Weight, string Bias) Parameters(FeatureMap x, ConvolutionLayer layer)
    {
        var perGroup = x.Channels / layer.Groups;
        float[] weight, bias;
        if (layer.Fused is { } fused)
        {
            (weight, bias) = fused(x.Channels);
        }
        else
        {
            weight = Weights.Take($"{layer.Name}.weight", layer.OutChannels, perGroup, layer.Kernel, layer.Kernel);
            bias = layer.Bias ? Weights.Take($"{layer.Name}.bias", layer.OutChannels) : new float[layer.OutChannels];
            if (layer.Norm is { Groups: null } norm)
            {
                BatchNorm.Read(Weights, layer.NormName!, layer.OutChannels, norm.Epsilon).Fold(weight, bias);
            }
        }

        return (
            Graph.Floats($"{layer.Name}.weight", weight, layer.OutChannels, perGroup, layer.Kernel, layer.Kernel),
            Graph.Floats($"{layer.Name}.bias", bias, layer.OutChannels));
    }

    /// <summary>
    /// Group normalisation: the mean and variance of each group of channels over all pixels, then a factor and an offset per channel.
    /// An instance normalisation over the flattened groups does the first half for any height and width.
    /// </summary>
    private FeatureMap Normalize(FeatureMap x, ConvolutionLayer layer)
    {
        if (layer.Norm is not { Groups: { } groups } norm)
        {
            return x;
        }

        if (x.Channels % groups != 0)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig, $"{layer.NormName}: {x.Channels} channels cannot be normalised in {groups} groups.");
        }

        var name = layer.NormName!;
        var ones = new float[groups];
        Array.Fill(ones, 1f);
        var grouped = Graph.Node("Reshape", $"{name}.groups", [x.Value, Graph.Integers(0, groups, -1)]);
        var normalized = Graph.Node(
            "InstanceNormalization",
            $"{name}.normalized",
            [grouped, Graph.Floats($"{name}.ones", ones, groups), Graph.Floats($"{name}.zeros", new float[groups], groups)],
            OnnxGraph.Attribute("epsilon", (float)norm.Epsilon));
        var shaped = Graph.Node("Reshape", $"{name}.shaped", [normalized, Graph.Node("Shape", $"{name}.shape", [x.Value])]);
        var scaled = Graph.Node(
            "Mul",
            $"{name}.scaled",
            [shaped, Graph.Floats($"{name}.weight", Weights.Take($"{name}.weight", x.Channels), x.Channels, 1, 1)]);
        return x with
        {
            Value = Graph.Node(
                "Add", name, [scaled, Graph.Floats($"{name}.bias", Weights.Take($"{name}.bias", x.Channels), x.Channels, 1, 1)]),
        };
    }

    private string Gelu(string x, string name)
    {
        var scaled = Graph.Node("Div", $"{name}.scaled", [x, Graph.Scalar((float)Math.Sqrt(2))]);
        var shifted = Graph.Node("Add", $"{name}.shifted", [Graph.Node("Erf", $"{name}.erf", [scaled]), Graph.Scalar(1f)]);
        return Graph.Node("Mul", name, [Graph.Node("Mul", $"{name}.product", [x, shifted]), Graph.Scalar(0.5f)]);
    }

    private string Slope(string name) => Graph.Floats($"{name}.weight", Weights.Take($"{name}.weight", 1), 1, 1, 1);

    private static void RequireEqualSize(FeatureMap first, FeatureMap second, string name)
    {
        if (first.Height != second.Height || first.Width != second.Width)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"{name}: maps of {first.Width} x {first.Height} and {second.Width} x {second.Height} do not fit together; "
                + "each level has to have half the sides of the one before.");
        }
    }
}
