using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Inference;
using Onnx;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class CudaGraphFormTests
{
    private const int Channels = 8;
    private const int Side = 48;

    [Fact]
    public void Fit_SmallMap_GivesTheSameNumbersWithAKernelOfFiveByFive()
    {
        // The first two read maps of 48 by 48, the third one a map of 12 by 12.
        var model = Build(isHalf: false);

        var fitted = CudaGraphForm.Fit(model, Side, Side, isProvisional: false);

        Assert.Equal([3, 3, 3], Kernels(model));
        Assert.Equal([3, 3, 5], Kernels(fitted));
        Assert.Equal(Run(model, Side), Run(fitted, Side), Equal);
    }

    [Fact]
    public void Fit_LargeMaps_AreLeftAlone()
    {
        var model = Build(isHalf: false);

        Assert.Same(model, CudaGraphForm.Fit(model, 4 * Side, 4 * Side, isProvisional: false));
    }

    [Fact]
    public void Fit_Float16_ComputesDepthwiseConvolutionsInFloat32WhereProvisional()
    {
        var model = Build(isHalf: true);

        var provisional = CudaGraphForm.Fit(model, Side, Side, isProvisional: true);

        Assert.Same(model, CudaGraphForm.Fit(model, Side, Side, isProvisional: false));
        Assert.Equal([3, 3, 5], Kernels(provisional));
        var graph = ModelProto.Parser.ParseFrom(provisional).Graph;
        Assert.All(
            graph.Node.Where(node => node.OpType == "Conv"),
            node => Assert.Equal(
                (int)TensorProto.Types.DataType.Float, graph.Initializer.Single(weight => weight.Name == node.Input[1]).DataType));
        var (expected, found) = (Run(model, Side), Run(provisional, Side));
        var largest = expected.Max(Math.Abs);
        Assert.Equal(expected, found, (a, b) => Math.Abs(a - b) <= 0.01f * largest);
        Assert.True(largest > 0.1f);
    }

    [Theory]
    [InlineData(1f, 1.001f, true)]
    [InlineData(1f, 1.02f, false)]
    [InlineData(1f, float.NaN, false)]
    public void AreSame_ValueThatDiffers_IsSeenAgainstTheLargest(float expected, float found, bool isSame) =>
        Assert.Equal(isSame, CudaShapeSession.AreSame([0, -2, expected], [0, -2, found]));

    private static bool Equal(float expected, float found) => Math.Abs(expected - found) <= 1e-5f;

    private static List<long> Kernels(byte[] model)
    {
        var graph = ModelProto.Parser.ParseFrom(model).Graph;
        return [.. graph.Node
            .Where(node => node.OpType == "Conv")
            .Select(node => graph.Initializer.Single(weight => weight.Name == node.Input[1]).Dims[2])];
    }

    private static float[] Run(byte[] model, int side)
    {
        using var session = SessionFactory.CreatePlain(model);
        var random = new Random(5);
        var input = Enumerable.Range(0, Channels * side * side).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        using var tensor = OrtValue.CreateTensorValueFromMemory(input, [1, Channels, side, side]);
        using var run = new RunOptions();
        using var output = session.Run(run, ["data"], [tensor], ["output"]);
        return output[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Three depthwise convolutions with pads and biases, at strides 1, 2 and 2, and a pool before the last one.</summary>
    private static byte[] Build(bool isHalf)
    {
        var random = new Random(3);
        var graph = new GraphProto { Name = "depthwise" };
        graph.Input.Add(Value("data"));
        graph.Output.Add(Value("output"));
        var last = Cast(graph, "data", isHalf, TensorProto.Types.DataType.Float16);
        for (var layer = 0; layer < 3; layer++)
        {
            var node = new NodeProto { OpType = "Conv", Name = $"conv{layer}" };
            node.Input.AddRange([last, Constant($"w{layer}", [Channels, 1, 3, 3]), Constant($"b{layer}", [Channels])]);
            node.Output.Add(last = $"map{layer}");
            node.Attribute.Add(new AttributeProto { Name = "group", Type = AttributeProto.Types.AttributeType.Int, I = Channels });
            node.Attribute.Add(Integers("kernel_shape", 3, 3));
            node.Attribute.Add(Integers("pads", 1, 1, 1, 1));
            node.Attribute.Add(layer == 0 ? Integers("strides", 1, 1) : Integers("strides", 2, 2));
            graph.Node.Add(node);
            if (layer == 1)
            {
                var pool = new NodeProto { OpType = "MaxPool", Name = "pool" };
                pool.Input.Add(last);
                pool.Output.Add(last = "pooled");
                pool.Attribute.Add(Integers("kernel_shape", 3, 3));
                pool.Attribute.Add(Integers("pads", 1, 1, 1, 1));
                pool.Attribute.Add(Integers("strides", 2, 2));
                graph.Node.Add(pool);
            }
        }

        var back = Cast(graph, last, isHalf, TensorProto.Types.DataType.Float);
        graph.Node.Add(new NodeProto { OpType = "Identity", Name = "end", Input = { back }, Output = { "output" } });
        var model = new ModelProto { IrVersion = 8, Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 13 });
        return model.ToByteArray();

        string Constant(string name, long[] dims)
        {
            var values = Enumerable.Range(0, (int)dims.Aggregate(1L, (product, side) => product * side))
                .Select(_ => (random.NextSingle() * 2) - 1).ToArray();
            var bytes = isHalf
                ? MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (Half)value).AsSpan())
                : MemoryMarshal.AsBytes(values.AsSpan());
            var type = isHalf ? TensorProto.Types.DataType.Float16 : TensorProto.Types.DataType.Float;
            var constant = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
            constant.Dims.AddRange(dims);
            graph.Initializer.Add(constant);
            return name;
        }
    }

    private static string Cast(GraphProto graph, string from, bool isHalf, TensorProto.Types.DataType type)
    {
        if (!isHalf)
        {
            return from;
        }

        var cast = new NodeProto { OpType = "Cast", Name = $"cast {from}", Input = { from }, Output = { $"{from} cast" } };
        cast.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)type });
        graph.Node.Add(cast);
        return $"{from} cast";
    }

    private static AttributeProto Integers(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    private static ValueInfoProto Value(string name) => new()
    {
        Name = name,
        Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
    };
}
