using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Procedural;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>Whole networks: every value of the optimised graph's output against the plain graph's.</summary>
public class TwinTests(ITestOutputHelper output)
{
    private const int OtherHeight = 96;
    private const int OtherWidth = 160;

    public static TheoryData<string> Names => [.. ProceduralModel.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Export_EveryNetwork_ComputesWhatItsPlainTwinComputes(string name)
    {
        var model = ProceduralModel.All.Single(model => model.Name == name);
        var config = model.ReadConfig();

        var exported = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, name);

        Assert.NotEqual(exported.PlainOnnx, exported.Onnx);
        using var plain = new CpuModel(exported.PlainOnnx);
        using var optimized = new CpuModel(exported.Onnx);
        output.WriteLine($"largest difference {Compare(plain, optimized, model.InputHeight, model.InputWidth):E2} of the mean magnitude");
        if (plain.Session.InputMetadata["data"].Dimensions[2] < 0)
        {
            output.WriteLine($"at another size {Compare(plain, optimized, OtherHeight, OtherWidth):E2}");
        }
    }

    private static double Compare(CpuModel plain, CpuModel optimized, int height, int width)
    {
        var input = ProceduralValues.Input(height, width);
        var (shape, expected) = plain.Run(input, 1, 3, height, width);
        var (otherShape, actual) = optimized.Run(input, 1, 3, height, width);

        Assert.Equal(shape, otherShape);
        return Close.Assert(expected, actual);
    }
}
