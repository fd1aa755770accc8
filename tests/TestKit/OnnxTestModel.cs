using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Onnx;

namespace Nanodet.Serverless.TestKit;

/// <summary>
/// A small ONNX model of NanoDet's shape whose output is a known function of its input. Each level samples the pixel under every
/// point; class c has the score sigmoid(<see cref="Gain"/> * value of plane c mod 3 + <see cref="Bias"/>); each side's distance
/// logits are 0 but for <see cref="Peak"/> at bin <see cref="Bin"/>.
/// </summary>
public sealed record OnnxTestModel
{
    public string Name { get; init; } = "test-plus";

    public string Head { get; init; } = "plus";

    public IReadOnlyList<string> Classes { get; init; } = ["blue", "green", "red"];

    public IReadOnlyList<int> Strides { get; init; } = [8, 16, 32, 64];

    public int RegMax { get; init; } = 7;

    public int Width { get; init; } = 96;

    public int Height { get; init; } = 64;

    public bool KeepRatio { get; init; }

    public bool HasSigmoid { get; init; } = true;

    /// <summary>0 for a symbolic axis.</summary>
    public int FixedBatch { get; init; }

    /// <summary>Traces the graph at <see cref="Width"/> by <see cref="Height"/> even when it keeps the ratio.</summary>
    public bool Traced { get; init; }

    public float Gain { get; init; } = 20;

    public float Bias { get; init; } = -10;

    public int Bin { get; init; } = 1;

    public float Peak { get; init; } = 30;

    public string InputName { get; init; } = "data";

    public string OutputName { get; init; } = "output";

    public IReadOnlyList<double> Mean { get; init; } = [0, 0, 0];

    public IReadOnlyList<double> Std { get; init; } = [255, 255, 255];

    public bool HasMetadata { get; init; } = true;

    /// <summary>Entries that replace the metadata; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Metadata { get; init; } = new Dictionary<string, string?>();

    private int Columns => Classes.Count + (4 * (RegMax + 1));

    public byte[] Build() => BuildProto().ToByteArray();

    public ModelProto BuildProto()
    {
        var graph = new GraphProto { Name = "nanodet" };
        var batch = FixedBatch == 0 ? Symbol("batch") : Fixed(FixedBatch);
        var symbolic = KeepRatio && !Traced;
        graph.Input.Add(Tensor(InputName, batch, Fixed(3), symbolic ? Symbol("height") : Fixed(Height), symbolic ? Symbol("width") : Fixed(Width)));
        graph.Output.Add(Tensor(OutputName, batch, Symbol("points"), Fixed(Columns)));
        AddWeights(graph);
        var levels = Strides.Select(stride => AddLevel(graph, stride)).ToArray();
        AddNode(graph, "Concat", levels, "levels", Attribute("axis", 2));
        AddNode(graph, "Transpose", ["levels"], OutputName, Attribute("perm", 0, 2, 1));

        var model = new ModelProto { IrVersion = 8, ProducerName = "TestKit", Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        foreach (var (key, value) in Entries())
        {
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        }

        return model;
    }

    private SortedDictionary<string, string> Entries()
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (HasMetadata)
        {
            entries["nanodet.name"] = Name;
            entries["nanodet.head"] = Head;
            entries["nanodet.classes"] = JsonSerializer.Serialize(Classes);
            entries["nanodet.strides"] = JsonSerializer.Serialize(Strides);
            entries["nanodet.regMax"] = RegMax.ToString(CultureInfo.InvariantCulture);
            entries["nanodet.inputWidth"] = Width.ToString(CultureInfo.InvariantCulture);
            entries["nanodet.inputHeight"] = Height.ToString(CultureInfo.InvariantCulture);
            entries["nanodet.keepRatio"] = KeepRatio ? "true" : "false";
            entries["nanodet.mean"] = JsonSerializer.Serialize(Mean);
            entries["nanodet.std"] = JsonSerializer.Serialize(Std);
            entries["nanodet.colorOrder"] = "BGR";
            entries["nanodet.activation"] = HasSigmoid ? "sigmoid" : "none";
        }

        foreach (var (key, value) in Metadata)
        {
            if (value is null)
            {
                entries.Remove(key);
            }
            else
            {
                entries[key] = value;
            }
        }

        return entries;
    }

    private void AddWeights(GraphProto graph)
    {
        var scoreWeights = new float[Classes.Count * 3];
        for (var classId = 0; classId < Classes.Count; classId++)
        {
            scoreWeights[(classId * 3) + (classId % 3)] = Gain;
        }

        var sides = 4 * (RegMax + 1);
        var sideBias = new float[sides];
        for (var side = 0; side < 4; side++)
        {
            sideBias[(side * (RegMax + 1)) + Bin] = Peak;
        }

        AddInitializer(graph, "score.weight", scoreWeights, Classes.Count, 3, 1, 1);
        AddInitializer(graph, "score.bias", [.. Enumerable.Repeat(Bias, Classes.Count)], Classes.Count);
        AddInitializer(graph, "side.weight", new float[sides * 3], sides, 3, 1, 1);
        AddInitializer(graph, "side.bias", sideBias, sides);
        var shape = new TensorProto { Name = "flat", DataType = (int)TensorProto.Types.DataType.Int64 };
        shape.Dims.Add(3);
        shape.Int64Data.Add([0, Columns, -1]);
        graph.Initializer.Add(shape);
    }

    private string AddLevel(GraphProto graph, int stride)
    {
        string Named(string name) => string.Create(CultureInfo.InvariantCulture, $"{name}.{stride}");

        // A 1x1 window that moves by the stride samples ceil(H/s) x ceil(W/s) pixels.
        AddNode(graph, "MaxPool", [InputName], Named("pixel"), Attribute("kernel_shape", 1, 1), Attribute("strides", stride, stride));
        AddNode(graph, "Conv", [Named("pixel"), "score.weight", "score.bias"], Named("logit"));
        AddNode(graph, HasSigmoid ? "Sigmoid" : "Identity", [Named("logit")], Named("score"));
        AddNode(graph, "Conv", [Named("pixel"), "side.weight", "side.bias"], Named("side"));
        AddNode(graph, "Concat", [Named("score"), Named("side")], Named("map"), Attribute("axis", 1));
        AddNode(graph, "Reshape", [Named("map"), "flat"], Named("level"));
        return Named("level");
    }

    private static void AddNode(GraphProto graph, string type, IEnumerable<string> inputs, string output, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = type, Name = output };
        node.Input.Add(inputs);
        node.Output.Add(output);
        node.Attribute.Add(attributes);
        graph.Node.Add(node);
    }

    private static void AddInitializer(GraphProto graph, string name, float[] values, params long[] shape)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Float };
        tensor.Dims.Add(shape);
        tensor.FloatData.Add(values);
        graph.Initializer.Add(tensor);
    }

    private static AttributeProto Attribute(string name, params long[] values)
    {
        if (values is [var single])
        {
            return new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = single };
        }

        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.Add(values);
        return attribute;
    }

    private static TensorShapeProto.Types.Dimension Fixed(int size) => new() { DimValue = size };

    private static TensorShapeProto.Types.Dimension Symbol(string name) => new() { DimParam = name };

    private static ValueInfoProto Tensor(string name, params TensorShapeProto.Types.Dimension[] sides)
    {
        var shape = new TensorShapeProto();
        shape.Dim.Add(sides);
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
