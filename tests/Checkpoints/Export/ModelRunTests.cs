using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

/// <summary>What a model computes, in ONNX Runtime.</summary>
public class ModelRunTests
{
    private static readonly byte[] Config = TinyModel.Config();
    private static readonly byte[] KeepRatioConfig = TinyModel.Config(("keep_ratio: false", "keep_ratio: true"), ("[64, 64]", "[96, 64]"));
    private static readonly byte[] Checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config));
    private static readonly byte[] PlusCheckpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig()));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_BatchOfThree_EqualsThreeBatchesOfOne(bool plus)
    {
        using var model = new CpuModel(plus ? ModelExporter.Export(PlusCheckpoint, TinyModel.PlusConfig(), "plus").Onnx : Export().Onnx);
        const int Image = 3 * 64 * 64;
        var images = ProceduralValues.Symmetric("three images", 3 * Image);

        var (shape, together) = model.Run(images, 3, 3, 64, 64);
        var alone = Enumerable.Range(0, 3).Select(i => model.Run(images[(i * Image)..((i + 1) * Image)], 1, 3, 64, 64).Values).ToList();

        Assert.Equal(plus ? [3, 84, 14] : [3, 80, 19], shape);
        AssertClose([.. alone.SelectMany(values => values)], together);
        Assert.All(alone.Skip(1), values => Assert.NotEqual(alone[0], values));
    }

    [Theory]
    [InlineData(96, 64)]
    [InlineData(64, 96)]
    [InlineData(160, 32)]
    [InlineData(32, 32)]
    public void Run_KeepRatioModel_TakesAnyMultipleOf32(int width, int height)
    {
        using var model = new CpuModel(ModelExporter.Export(Checkpoint, KeepRatioConfig, "tiny").Onnx);
        using var stretching = new CpuModel(ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", $"[{width}, {height}]")), "tiny").Onnx);
        var input = ProceduralValues.Input(height, width);

        var (shape, values) = model.Run(input, 1, 3, height, width);

        Assert.Equal([1, (width / 8 * (height / 8)) + (width / 16 * (height / 16)), 19], shape);
        AssertClose(stretching.Run(input, 1, 3, height, width).Values, values);
    }

    [Fact]
    public void Run_KeepRatioModelWithAnExtraLevel_RoundsItsPointsUp()
    {
        // Stride 64 of a side of 96 makes 2 points, not 1.
        var model = Procedural.ProceduralModel.All.Single(model => model.Name == "nanodet_custom_xml_dataset");
        var config = model.ReadConfig();
        using var session = new CpuModel(ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "dynamic").Onnx);

        var (shape, values) = session.Run(ProceduralValues.Input(96, 160), 1, 3, 96, 160);

        Assert.Equal([1, (20 * 12) + (10 * 6) + (5 * 3) + (3 * 2), 112], shape);
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Export_NonSquareInput_PutsHeightBeforeWidth()
    {
        var exported = ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", "[96, 32]")), "tiny");

        Assert.Equal((96, 32), (exported.InputWidth, exported.InputHeight));
        var metadata = OnnxMetadata.Read(exported.Onnx);
        Assert.Equal(("96", "32"), (metadata["nanodet.inputWidth"], metadata["nanodet.inputHeight"]));
        using var model = new CpuModel(exported.Onnx);
        Assert.Equal([-1, 3, 32, 96], model.Session.InputMetadata["data"].Dimensions);
        Assert.Equal([1, (12 * 4) + (6 * 2), 19], model.Run(ProceduralValues.Input(32, 96), 1, 3, 32, 96).Shape);
        Assert.Throws<Microsoft.ML.OnnxRuntime.OnnxRuntimeException>(() => model.Run(ProceduralValues.Input(96, 32), 1, 3, 96, 32));
    }

    [Fact]
    public void Run_MovedImage_MovesThePointsRowByRow()
    {
        // One bright patch: the points that it changes lie where row-major order says, y outer and x inner.
        using var model = new CpuModel(ModelExporter.Export(Checkpoint, TinyModel.Config(("[64, 64]", "[128, 64]")), "tiny").Onnx);
        var dark = model.Run(new float[3 * 64 * 128], 1, 3, 64, 128).Values;

        var right = Strongest(model, dark, patchX: 104, patchY: 8);
        var below = Strongest(model, dark, patchX: 8, patchY: 40);

        Assert.InRange(right % 16, 11, 15);
        Assert.InRange(right / 16, 0, 3);
        Assert.InRange(below % 16, 0, 4);
        Assert.InRange(below / 16, 4, 7);
    }

    [Fact]
    public void Run_Scores_AreProbabilitiesAndDistancesAreLogits()
    {
        using var model = new CpuModel(Export().Onnx);

        var values = model.Run(ProceduralValues.Symmetric("scores", 3 * 64 * 64).Select(value => value * 40).ToArray(), 1, 3, 64, 64).Values;

        Assert.All(values.Chunk(19), point => Assert.All(point[..3], score => Assert.InRange(score, 0, 1)));
        Assert.Contains(values.Chunk(19), point => point[3..].Any(value => value is < 0 or > 1));
    }

    private static ExportedModel Export() => ModelExporter.Export(Checkpoint, Config, "tiny");

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 + (1e-5 * Math.Abs(expected[i])), $"[{i}]: {expected[i]} was expected, {actual[i]} was found");
        }
    }

    /// <summary>The point of the first level that changes most when a patch of 16 x 16 pixels is lit.</summary>
    private static int Strongest(CpuModel model, float[] dark, int patchX, int patchY)
    {
        var input = new float[3 * 64 * 128];
        for (var y = patchY; y < patchY + 16; y++)
        {
            input.AsSpan((y * 128) + patchX, 16).Fill(8f);
        }

        var lit = model.Run(input, 1, 3, 64, 128).Values;
        return Enumerable.Range(0, 16 * 8).MaxBy(point => Enumerable.Range(point * 19, 19).Sum(i => Math.Abs(lit[i] - dark[i])));
    }
}
