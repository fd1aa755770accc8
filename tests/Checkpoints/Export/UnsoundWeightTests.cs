using System.Buffers.Binary;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

/// <summary>Weights that no training should leave behind: they are the checkpoint's fault, and are named.</summary>
public class UnsoundWeightTests
{
    private static readonly byte[] Config = TinyModel.Config();
    private static readonly List<TorchTensorData> Tensors = CheckpointFile.Tensors(Config);

    [Theory]
    [InlineData(float.PositiveInfinity, "holds infinity")]
    [InlineData(float.NegativeInfinity, "holds -infinity")]
    [InlineData(float.NaN, "holds NaN")]
    public void Export_ValueThatIsNotFinite_IsRefusedByName(float value, string what)
    {
        foreach (var tensor in Tensors)
        {
            var file = CheckpointFile.Write(Change(tensor.Name, values => values[^1] = value));
            var index = string.Join(", ", tensor.Shape.Select(side => side - 1));

            Refusal.Expect(
                CheckpointErrorCode.InvalidWeights,
                () => ModelExporter.Export(file, Config, "tiny"),
                $"tensor '{tensor.Name}' {what} at [{index}], the first of 1 such values among ");
        }
    }

    [Fact]
    public void Export_SeveralTensorsWithNaN_CountsThemAndTheirValues()
    {
        var names = Tensors.Where(tensor => tensor.Shape.Count == 4).Take(2).Select(tensor => tensor.Name).ToArray();
        var tensors = Change(names[0], values => values.AsSpan(3, 7).Fill(float.NaN));
        tensors = Change(tensors, names[1], values => values.AsSpan().Fill(float.NaN));

        Refusal.Expect(
            CheckpointErrorCode.InvalidWeights,
            () => ModelExporter.Export(CheckpointFile.Write(tensors), Config, "tiny"),
            $"tensor '{names[0]}' holds NaN at [0, 0, 1, 0], the first of 7 such values",
            "So it is in 2 tensors.",
            "use an earlier checkpoint");
    }

    [Fact]
    public void Export_NegativeVariance_IsRefusedByName()
    {
        var name = Tensors.First(tensor => tensor.Name.EndsWith("running_var", StringComparison.Ordinal)).Name;
        var file = CheckpointFile.Write(Change(name, values => values[1] = -0.25f));

        Refusal.Expect(CheckpointErrorCode.InvalidWeights, () => ModelExporter.Export(file, Config, "tiny"), $"'{name}' holds -0.25, a negative variance at [1]");
    }

    [Fact]
    public void Export_UnsoundAndIncomplete_SaysUnsoundFirst()
    {
        var file = CheckpointFile.Write(Change(Tensors[0].Name, values => values[0] = float.NaN)[..^1]);

        Refusal.Expect(CheckpointErrorCode.InvalidWeights, () => ModelExporter.Export(file, Config, "tiny"), Tensors[0].Name);
    }

    [Theory]
    [InlineData(TorchDType.Float16, new byte[] { 0x00, 0x7c }, "infinity", "")]
    [InlineData(TorchDType.Float16, new byte[] { 0x00, 0x7e }, "NaN", "")]
    [InlineData(TorchDType.BFloat16, new byte[] { 0x80, 0x7f }, "infinity", "")]
    [InlineData(TorchDType.BFloat16, new byte[] { 0xc0, 0x7f }, "NaN", "")]
    [InlineData(TorchDType.Float64, new byte[] { 0, 0, 0, 0, 0, 0, 0xf0, 0x7f }, "infinity", "double precision")]
    [InlineData(TorchDType.Float64, new byte[] { 0, 0, 0, 0, 0, 0, 0xf8, 0x7f }, "NaN", "")]
    [InlineData(TorchDType.Float64, new byte[] { 0, 0, 0, 0, 0, 0, 0xf0, 0x7e }, "infinity", "single precision ends at 3.4028235E+38")]
    public void Export_OtherPrecision_IsRefusedByName(TorchDType type, byte[] first, string what, string word)
    {
        var tensors = Tensors.ConvertAll(tensor => StateDicts.Conversion.To(type, tensor));
        var last = tensors[^1];
        byte[] bytes = [.. first, .. last.Bytes.Span[first.Length..]];
        tensors[^1] = last with { Bytes = bytes };

        Refusal.Expect(
            CheckpointErrorCode.InvalidWeights, () => ModelExporter.Export(CheckpointFile.Write(tensors), Config, "tiny"), $"'{last.Name}' holds {what} at [0]", word);
    }

    [Fact]
    public void Export_AveragedWeightsAreUnsound_NamesTheTensorOfTheFile()
    {
        var name = Tensors[0].Name;
        List<TorchTensorData> tensors =
        [
            .. Prefixed("model.", Tensors), .. Prefixed("avg_model.", Change(name, values => values[0] = float.PositiveInfinity)),
        ];

        Refusal.Expect(
            CheckpointErrorCode.InvalidWeights, () => ModelExporter.Export(CheckpointFile.Write(tensors), Config, "tiny"), $"tensor '{name}' (in the file 'avg_model.{name}')");
    }

    [Fact]
    public void Export_OnlyWhatIsNotReadIsUnsound_IsExported()
    {
        List<TorchTensorData> tensors =
        [
            .. Prefixed("model.", Change(Tensors[0].Name, values => values[0] = float.NaN)),
            .. Prefixed("avg_model.", Tensors),
            TorchTensorData.Float32("avg_model.aux_head.gfl_cls.weight", [2], [float.NaN, float.PositiveInfinity]),
        ];

        Assert.True(ModelExporter.Export(CheckpointFile.Write(tensors), Config, "tiny").Form.Averaged);
    }

    [Fact]
    public void Inspect_UnsoundWeights_SaysSo()
    {
        var name = Tensors[0].Name;
        var summary = CheckpointInspector.Inspect(CheckpointFile.Write(Change(name, values => values[0] = float.NaN)), Config);

        Assert.False(summary.Complete);
        Assert.Contains($"'{name}' holds NaN", summary.Problem, StringComparison.Ordinal);
    }

    private static IEnumerable<TorchTensorData> Prefixed(string prefix, IEnumerable<TorchTensorData> tensors) =>
        tensors.Select(tensor => tensor with { Name = prefix + tensor.Name });

    private static List<TorchTensorData> Change(string name, Action<float[]> change) => Change(Tensors, name, change);

    private static List<TorchTensorData> Change(List<TorchTensorData> tensors, string name, Action<float[]> change) => tensors.ConvertAll(tensor =>
    {
        if (tensor.Name != name)
        {
            return tensor;
        }

        var values = new float[tensor.Bytes.Length / sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(tensor.Bytes.Span[(i * sizeof(float))..]);
        }

        change(values);
        return TorchTensorData.Float32(tensor.Name, tensor.Shape, values);
    });
}
