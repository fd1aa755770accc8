using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Checkpoints.Tests.Procedural;

/// <summary>Whole networks against numbers of the official implementation (PyTorch, float32).</summary>
public class ProceduralParityTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string> Names => [.. ProceduralModel.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Export_ProceduralWeights_ComputesWhatTheOfficialNetworkComputes(string name)
    {
        var model = ProceduralModel.All.Single(model => model.Name == name);
        var config = model.ReadConfig();
        var checkpoint = CheckpointFile.Write(
            [.. CheckpointFile.Tensors(config), .. model.Unread.Select(pair => CheckpointFile.Procedural(pair.Key, pair.Value))]);

        var exported = ModelExporter.Export(checkpoint, config, name);

        Assert.Equal((model.InputWidth, model.InputHeight), (exported.InputWidth, exported.InputHeight));
        Assert.Equal(model.OutputShape, exported.OutputShape);
        Assert.Equal(model.Parameters, exported.Parameters + model.Unread.Values.Sum(shape => shape.Aggregate(1L, (product, d) => product * d)));
        Assert.Equal(model.Unread.Count, exported.IgnoredTensors);

        using var session = new CpuModel(exported.Onnx);
        var (shape, values) = session.Run(
            ProceduralValues.Input(model.InputHeight, model.InputWidth), 1, 3, model.InputHeight, model.InputWidth);
        Assert.Equal(model.OutputShape, shape.Select(dimension => (int)dimension));
        CompareSamples(model, values);
    }

    [Fact]
    public void Data_EveryEntry_SamplesScoresAndDistances()
    {
        Assert.All(ProceduralModel.All, model =>
        {
            Assert.Equal(64, model.Samples.Select(sample => sample[0]).Distinct().Count());
            Assert.All(model.Samples, sample => Assert.InRange(sample[0], 0, model.OutputShape.Aggregate(1, (product, d) => product * d) - 1));
            Assert.Contains(model.Samples, sample => sample[0] % model.OutputShape[2] < model.Classes);
            Assert.Contains(model.Samples, sample => sample[0] % model.OutputShape[2] >= model.Classes);
        });
    }

    private void CompareSamples(ProceduralModel model, float[] values)
    {
        var largest = 0.0;
        foreach (var sample in model.Samples)
        {
            var index = (int)sample[0];
            var isScore = !model.RawScores && index % model.OutputShape[2] < model.Classes;
            var expected = isScore ? 1 / (1 + Math.Exp(-sample[1])) : sample[1];
            var difference = Math.Abs(values[index] - expected);
            largest = Math.Max(largest, difference);
            Assert.True(
                difference <= (Tolerance * model.AbsMean) + (Tolerance * Math.Abs(expected)),
                $"{model.Name}[{index}]: {expected:R} was expected, {values[index]:R} was found");
        }

        output.WriteLine($"{model.Name}: largest difference {largest:E2}, {largest / model.AbsMean:E2} of the mean magnitude");
    }
}
