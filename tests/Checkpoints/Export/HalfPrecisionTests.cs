using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.TestKit;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

public class HalfPrecisionTests
{
    private static readonly byte[] Config = TinyModel.Config();

    [Fact]
    public void Convert_Model_KeepsInputAndOutputAndHalvesTheWeights()
    {
        var original = ModelProto.Parser.ParseFrom(Export());
        var converted = ModelProto.Parser.ParseFrom(HalfPrecision.Convert(Export()));

        Assert.Equal(original.Graph.Input, converted.Graph.Input);
        Assert.Equal(original.Graph.Output, converted.Graph.Output);
        Assert.Equal(original.MetadataProps.Count + 1, converted.MetadataProps.Count);
        Assert.Equal("fp16", converted.MetadataProps.Single(entry => entry.Key == "nanodet.precision").Value);
        Assert.Equal(
            original.Graph.Initializer.Select(tensor => (tensor.Name, Type(tensor))),
            converted.Graph.Initializer.Select(tensor => (tensor.Name, Type(tensor) == TensorProto.Types.DataType.Float16 ? TensorProto.Types.DataType.Float : Type(tensor))));
        Assert.All(converted.Graph.Initializer.Where(tensor => Type(tensor) == TensorProto.Types.DataType.Float), tensor => Assert.EndsWith(".scales", tensor.Name, StringComparison.Ordinal));
        Assert.Equal(
            original.Graph.Initializer.Where(tensor => Type(tensor) == TensorProto.Types.DataType.Float && !tensor.Name.EndsWith(".scales", StringComparison.Ordinal)).Sum(tensor => tensor.RawData.Length) / 2,
            converted.Graph.Initializer.Where(tensor => Type(tensor) == TensorProto.Types.DataType.Float16).Sum(tensor => tensor.RawData.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Convert_Model_ComputesNearlyTheSame(bool plus)
    {
        var config = plus ? TinyModel.PlusConfig() : Config;
        var original = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "tiny").Onnx;
        var input = ProceduralValues.Input(64, 64);
        using var full = new CpuModel(original);
        using var half = new CpuModel(HalfPrecision.Convert(original));

        var (shape, expected) = full.Run(input, 1, 3, 64, 64);
        var (halfShape, values) = half.Run(input, 1, 3, 64, 64);

        Assert.Equal(shape, halfShape);
        var scale = expected.Average(value => Math.Abs(value));
        var largest = expected.Zip(values).Max(pair => Math.Abs(pair.First - pair.Second));
        Assert.InRange(largest / scale, 1e-6, 2e-2);
    }

    [Fact]
    public void Convert_ConvertedModel_IsRefused()
    {
        var converted = HalfPrecision.Convert(Export());
        Refusal.Expect(CheckpointErrorCode.UnsupportedForm, () => HalfPrecision.Convert(converted), "has a precision already");
    }

    [Fact]
    public void Convert_WeightBeyondHalfPrecision_IsRefusedByName()
    {
        var tensors = CheckpointFile.Tensors(Config)
            .Select(tensor => tensor.Name == "head.gfl_cls.1.bias" ? TorchTensorData.Float32(tensor.Name, tensor.Shape, [.. Enumerable.Repeat(70_000f, tensor.Shape[0])]) : tensor)
            .ToList();
        var model = ModelExporter.Export(CheckpointFile.Write(tensors), Config, "tiny").Onnx;
        Refusal.Expect(CheckpointErrorCode.TooLarge, () => HalfPrecision.Convert(model), "head.gfl_cls.1.bias holds 70000", "65500");
    }

    [Fact]
    public void Convert_SomethingElse_IsRefused() =>
        Refusal.Expect(CheckpointErrorCode.NotAnOnnxModel, () => HalfPrecision.Convert([1, 2, 3]), "no ONNX model");

    private static byte[] Export() => ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(Config)), Config, "tiny").Onnx;

    private static TensorProto.Types.DataType Type(TensorProto tensor) => (TensorProto.Types.DataType)tensor.DataType;
}
