using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Quantization;
using Nanodet.Serverless.Checkpoints.Tests.Procedural;
using Nanodet.Serverless.TestKit;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Quantization;

public class StaticQuantizationTests
{
    private static readonly byte[] Few = new FloatModel()
        .Conv("stem", 3, 4).Leaky("stem.act").Conv("wide", 4, 8, 3).Leaky("wide.act").Conv("deep", 8, 8, 3, groups: 8).Relu("deep.act").Conv("head", 8, 5)
        .Build();

    private static readonly Dictionary<string, float[]> NoMeans = [];

    public static TheoryData<string> Networks { get; } =
    [
        "syn-plus-tiny", "syn-plus-tiny-relu6", "syn-plus-tiny-silu", "syn-plus-tiny-gelu", "syn-plus-tiny-hardswish", "syn-plus-tiny-prelu",
        "syn-plus-tiny-elu", "syn-simpleconvhead", "syn-ghostnet-ghostpan-plushead", "syn-mobilenetv2-fpn-nanodethead", "syn-resnet18-pan-gflhead",
    ];

    [Fact]
    public void Observe_Model_AsksForWhatIsQuantizedAndPutsItOut()
    {
        var observed = StaticQuantization.Observe(Few);
        Assert.Equal(["stem.act", "wide", "wide.act", "deep.act"], observed.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1, 0.1f, 1, 1], observed.Tensors.Select(tensor => tensor.NegativeSlope));
        Assert.Equal(
            ["output", "stem.act", "wide", "wide.act", "deep.act"], ModelProto.Parser.ParseFrom(observed.Onnx).Graph.Output.Select(output => output.Name));
    }

    [Fact]
    public void Convert_Model_QuantizesTheMiddleAndLeavesBothEnds()
    {
        var graph = Parse(Convert(Few, -1, 1.55f)).Graph;
        var made = graph.Node.SelectMany(node => node.Output.Select(output => (output, node))).ToDictionary(pair => pair.output, pair => pair.node);
        string[] Makers(string conv) => [.. graph.Node.Single(node => node.Name == conv).Input.Select(input => made.TryGetValue(input, out var node) ? node.OpType : "")];

        Assert.Equal(["", "", ""], Makers("stem"));
        Assert.Equal(["DequantizeLinear", "DequantizeLinear", "DequantizeLinear"], Makers("wide"));
        Assert.Equal(["DequantizeLinear", "DequantizeLinear", "DequantizeLinear"], Makers("deep"));
        Assert.Equal(["DequantizeLinear", "", ""], Makers("head"));
        Assert.Equal("QuantizeLinear", graph.Node.Single(node => node.Input.Contains(graph.Node.Single(conv => conv.Name == "wide").Output[0])).OpType);
        Assert.Equal("int8", OnnxMetadata.Read(Convert(Few, -1, 1.55f))["nanodet.precision"]);
    }

    [Fact]
    public void Convert_LeakyRectifier_IsASumOfBytes()
    {
        var graph = Parse(Convert(Few, -1, 1.55f)).Graph;
        var sum = Assert.Single(graph.Node, node => node.OpType == "Add");
        var scales = sum.Input.Select(input => graph.Node.Single(node => node.Output.Contains(input)))
            .Select(node => MemoryMarshal.Read<float>(graph.Initializer.Single(tensor => tensor.Name == node.Input[1]).RawData.Span)).ToList();

        // Of -1 to 1.55 a step is 0.01: the slope takes a tenth of it, the positive part the rest, and 0 is byte 100.
        Assert.Equal(0.001f, scales[0], 1e-8f);
        Assert.Equal(0.009f, scales[1], 1e-8f);
        Assert.Equal([100], graph.Initializer.Single(tensor => tensor.Name == graph.Node.Single(node => node.OpType == "Clip").Input[1]).RawData.ToByteArray());
        Assert.Single(graph.Node, node => node.OpType == "LeakyRelu");
    }

    [Fact]
    public void Convert_RectifierBehindAConvolution_IsItsClamping()
    {
        var graph = Parse(Convert(Few, -1, 1.55f)).Graph;
        Assert.DoesNotContain(graph.Node, node => node.OpType == "Relu");
        var quantize = graph.Node.Single(node => node.OpType == "QuantizeLinear" && node.Input[0] == "deep.float");
        Assert.Equal([0], graph.Initializer.Single(tensor => tensor.Name == quantize.Input[2]).RawData.ToByteArray());
    }

    [Fact]
    public void Convert_Concatenation_LetsItsTensorsShareAScale()
    {
        var model = new FloatModel().Conv("stem", 3, 4).Leaky("stem.act").Conv("a", 4, 8, from: "stem.act").Conv("b", 4, 8, from: "stem.act")
            .Concat("both", "a", "b").Conv("c", 16, 8).Conv("head", 8, 5).Build();
        var names = StaticQuantization.Observe(model).Tensors.Select(tensor => tensor.Name).ToList();
        Assert.Equal(["stem.act", "a", "b", "c"], names);
        var graph = Parse(StaticQuantization.Convert(model, names.ToDictionary(name => name, name => new ValueRange(name == "a" ? -1 : 0, name == "b" ? 4.1f : 1)), NoMeans)).Graph;
        var scales = graph.Node.Where(node => node.OpType == "QuantizeLinear" && node.Name is "a.bytes" or "b.bytes" or "both.bytes").Select(node => node.Input[1]).ToList();
        Assert.Equal(3, scales.Count);
        Assert.Equal(5.1f / 255, MemoryMarshal.Read<float>(graph.Initializer.Single(tensor => tensor.Name == Assert.Single(scales.Distinct())).RawData.Span), 1e-8f);
    }

    [Fact]
    public void Observe_PoolingBehindALeakyRectifier_ComesBeforeIt()
    {
        var model = new FloatModel().Conv("stem", 3, 4).Leaky("act").MaxPool("pool").Conv("a", 4, 8).Conv("head", 8, 5).Build();
        var observed = StaticQuantization.Observe(model);
        Assert.Equal(["Conv", "MaxPool", "LeakyRelu", "Conv", "Conv", "Identity"], Parse(observed.Onnx).Graph.Node.Select(node => node.OpType));
        Assert.Equal(Run(model), Run(observed.Onnx));
    }

    [Fact]
    public void Equalize_UnequalChannels_ComputesTheSameWithEqualReach()
    {
        var model = new FloatModel().Conv("stem", 3, 4).Leaky("stem.act").Conv("a", 4, 8, from: "stem.act").Leaky("a.act")
            .Conv("b", 8, 8, 3, groups: 8).Concat("both", "a.act", "b").MaxPool("pool").Conv("c", 16, 4).Relu("c.act").Conv("head", 4, 5).Build();
        var before = Reaches(model);
        var equalized = StaticQuantization.Equalize(model, before);
        foreach (var (name, reach) in Reaches(equalized))
        {
            Assert.All(reach.Zip(before[name]).Where(pair => pair.Second > before[name].Max() / 16), pair => Assert.Equal(1, pair.First, 0.6f));
        }

        var (expected, actual) = (Run(model), Run(equalized));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        Assert.NotEqual(model, equalized);
    }

    [Fact]
    public void Observe_ConcatenationBeforeAConvolution_IsPutOutForItsMeansAlone()
    {
        var model = new FloatModel().Conv("stem", 3, 4).Leaky("stem.act").Conv("a", 4, 8, from: "stem.act").Conv("b", 4, 8, from: "stem.act")
            .Concat("both", "a", "b").Conv("c", 16, 8).Conv("head", 8, 5).Build();
        var observed = StaticQuantization.Observe(model);
        Assert.Equal(["stem.act", "both"], observed.ConvolutionInputs);
        Assert.DoesNotContain(observed.Tensors, tensor => tensor.Name == "both");
        Assert.Contains(Parse(observed.Onnx).Graph.Output, output => output.Name == "both");
    }

    [Fact]
    public void Convert_Means_PutsTheMeansOfAConvolutionBack()
    {
        var model = new FloatModel().Conv("stem", 3, 16).Leaky("stem.act").Conv("wide", 16, 64).Leaky("wide.act").Conv("head", 64, 5).Build();
        var input = ProceduralValues.Input(8, 8);
        var (ranges, _, means) = Measure(model, input, 1, 3, 8, 8);

        // The weights' share alone: what the rounded convolution makes of the float32 means, channel by channel.
        double[] Errors(Dictionary<string, float[]> known)
        {
            var graph = Parse(StaticQuantization.Convert(model, ranges, known)).Graph;
            var tensors = graph.Initializer.ToDictionary(tensor => tensor.Name);
            var (exact, source) = (Floats(Parse(model).Graph, "wide.weight"), Floats(Parse(model).Graph, "wide.bias"));
            var rounded = tensors["wide.weight.int8"].RawData.ToByteArray().Select(value => (sbyte)value).ToArray();
            var bias = MemoryMarshal.Cast<byte, int>(tensors["wide.bias.int32"].RawData.Span).ToArray();
            var (scales, steps) = (Floats(graph, "wide.weight.scale"), Floats(graph, "wide.bias.scale"));
            return [.. Enumerable.Range(0, 64).Select(channel => Math.Abs(
                (bias[channel] * (double)steps[channel]) - source[channel]
                + Enumerable.Range(0, 16).Sum(i => ((rounded[(channel * 16) + i] * (double)scales[channel]) - exact[(channel * 16) + i]) * means["stem.act"][i])))];
        }

        var (without, with) = (Errors(NoMeans), Errors(means));
        Assert.True(with.Max() < without.Max() / 10, $"expected a tenth of {without.Max()}, found {with.Max()}");
        Assert.InRange(without.Max(), 1e-4, 1);
    }

    [Fact]
    public void Convert_MeansOfOtherChannels_IsRefusedByName()
    {
        var ranges = StaticQuantization.Observe(Few).Tensors.ToDictionary(tensor => tensor.Name, _ => new ValueRange(-1, 1));
        Refusal.Expect(
            CheckpointErrorCode.IncompleteCalibration,
            () => StaticQuantization.Convert(Few, ranges, new Dictionary<string, float[]> { ["stem.act"] = [1, 2, 3] }),
            "stem.act: means of 4 channels were expected, 3 were found.");
    }

    [Fact]
    public void Convert_SameRangesTwice_GivesTheSameBytes() => Assert.Equal(Convert(Few, -1, 2), Convert(Few, -1, 2));

    [Fact]
    public void Convert_RangeMissing_IsRefusedByName()
    {
        var ranges = StaticQuantization.Observe(Few).Tensors.Skip(1).ToDictionary(tensor => tensor.Name, _ => new ValueRange(0, 1));
        Refusal.Expect(CheckpointErrorCode.IncompleteCalibration, () => StaticQuantization.Convert(Few, ranges, NoMeans), "stem.act");
    }

    [Theory]
    [InlineData(1f, -1f)]
    [InlineData(float.NaN, 1f)]
    [InlineData(0f, float.PositiveInfinity)]
    public void Convert_NoRange_IsRefusedByName(float minimum, float maximum) =>
        Refusal.Expect(CheckpointErrorCode.IncompleteCalibration, () => Convert(Few, minimum, maximum), "stem.act: a finite range was expected");

    [Fact]
    public void Convert_ConvertedModel_IsRefused()
    {
        var converted = Convert(Few, -1, 1);
        Refusal.Expect(CheckpointErrorCode.UnsupportedForm, () => StaticQuantization.Observe(converted), "has a precision already");
    }

    [Fact]
    public void Observe_SomethingElse_IsRefused() =>
        Refusal.Expect(CheckpointErrorCode.NotAnOnnxModel, () => StaticQuantization.Observe([1, 2, 3]), "no ONNX model");

    /// <summary>Every part of every architecture in 8 bits, fused by ONNX Runtime, against float32; weights are procedural, the input is what ranges come from.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void Convert_AnyNetwork_ComputesNearlyTheSame(string name)
    {
        var network = ProceduralModel.All.Single(model => model.Name == name);
        var config = network.ReadConfig();
        var original = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, name).Onnx;
        var input = ProceduralValues.Input(network.InputHeight, network.InputWidth);
        long[] shape = [1, 3, network.InputHeight, network.InputWidth];

        var equalized = StaticQuantization.Equalize(original, Measure(original, input, shape).Reaches);
        var (ranges, _, means) = Measure(equalized, input, shape);
        var converted = StaticQuantization.Convert(equalized, ranges, means);
        using var full = new CpuModel(original);
        using var bytes = new CpuModel(converted);
        var (expectedShape, expected) = full.Run(input, shape);
        var (actualShape, actual) = bytes.Run(input, shape);

        Assert.Equal(expectedShape, actualShape);
        Assert.Contains(Parse(converted).Graph.Node, node => node.OpType == "QuantizeLinear");

        // Where a CPU has no VNNI, ONNX Runtime refuses bytes that two convolutions share.
        var readers = Parse(converted).Graph.Node.SelectMany(node => node.Input).CountBy(name => name).ToDictionary();
        Assert.All(
            Parse(converted).Graph.Initializer.Where(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int8),
            tensor => Assert.Equal(1, readers[tensor.Name]));
        var mean = expected.Average();
        var noise = Math.Sqrt(expected.Zip(actual).Average(pair => Math.Pow(pair.First - pair.Second, 2)));
        var signal = Math.Sqrt(expected.Average(value => Math.Pow(value - mean, 2)));
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: error {noise / signal:0.0000} of the standard deviation");
        Assert.InRange(noise / signal, 1e-6, 0.25);
    }

    private static byte[] Convert(byte[] model, float minimum, float maximum) => StaticQuantization.Convert(
        model, StaticQuantization.Observe(model).Tensors.ToDictionary(tensor => tensor.Name, _ => new ValueRange(minimum, maximum)), NoMeans);

    private static ModelProto Parse(byte[] model) => ModelProto.Parser.ParseFrom(model);

    private static float[] Floats(GraphProto graph, string name) =>
        MemoryMarshal.Cast<byte, float>(graph.Initializer.Single(tensor => tensor.Name == name).RawData.Span).ToArray();

    private static float[] Run(byte[] model)
    {
        using var loaded = new CpuModel(model);
        return loaded.Run(ProceduralValues.Input(8, 8), 1, 3, 8, 8).Values;
    }

    private static Dictionary<string, float[]> Reaches(byte[] model) => Measure(model, ProceduralValues.Input(8, 8), 1, 3, 8, 8).Reaches;

    private static (Dictionary<string, ValueRange> Ranges, Dictionary<string, float[]> Reaches, Dictionary<string, float[]> Means) Measure(byte[] model, float[] input, params long[] shape)
    {
        var observed = StaticQuantization.Observe(model);
        var (ranges, reaches, means) = (new Dictionary<string, ValueRange>(), new Dictionary<string, float[]>(), new Dictionary<string, float[]>());
        using var loaded = new CpuModel(observed.Onnx);
        using var tensor = OrtValue.CreateTensorValueFromMemory(input, shape);
        using var run = new RunOptions();
        var names = observed.Tensors.Select(observed => observed.Name).Union(observed.ConvolutionInputs).Where(name => name != "data").ToList();
        ranges.Add("data", new ValueRange(input.Min(), input.Max()));
        using var outputs = loaded.Session.Run(run, ["data"], [tensor], names);
        foreach (var (name, output) in names.Zip(outputs))
        {
            var values = output.GetTensorDataAsSpan<float>().ToArray();
            var maps = values.Chunk((int)(values.Length / output.GetTensorTypeAndShape().Shape[1])).ToList();
            means.Add(name, [.. maps.Select(map => map.Average())]);
            foreach (var ranged in observed.Tensors.Where(ranged => ranged.Name == name))
            {
                ranges.Add(name, new ValueRange(values.Min(), values.Max()));
                reaches.Add(name, [.. maps.Select(map => Math.Max(map.Max(), -ranged.NegativeSlope * map.Min()))]);
            }
        }

        return (ranges, reaches, means);
    }
}
