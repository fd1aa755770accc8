using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Torch;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Checkpoints.Tests;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Conversion.Tests;

/// <summary>One checkpoint in each precision, and what cannot be converted.</summary>
public sealed class ModelConverterTests
{
    private static readonly byte[] Config = TinyModel.PlusConfig();
    private static readonly byte[] Checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ModelPrecision.Fp32, ParityPrecision.Full)]
    [InlineData(ModelPrecision.Fp16, ParityPrecision.Half)]
    [InlineData(ModelPrecision.Int8, ParityPrecision.Int8)]
    public async Task Convert_EachPrecision_IsVerifiedAndSaysWhatItIs(ModelPrecision precision, ParityPrecision described)
    {
        var photos = MemoryPhotos.Noise(4);
        var steps = new List<ConversionProgress>();

        var converted = await ConvertAsync(precision, photos, new Recorder(steps));

        using var model = NanodetModel.Load(converted.Model.Onnx.ToArray());
        Assert.Equal(described, model.Description.Precision);
        Assert.True(ParityFixture.Verify(model).HasFixture);
        Assert.Equal(("tiny", model.Sha256, model.Sha256[..12]), (converted.Model.Name, converted.Model.Sha256, converted.Model.Version));
        Assert.True(converted.Model.Parity.Passed);
        if (precision == ModelPrecision.Fp32)
        {
            Assert.Null(converted.Comparison);
            Assert.Equal(0, photos.Readings);
            Assert.Empty(steps);
        }
        else
        {
            Assert.Equal(4, converted.Comparison!.Images);
            Assert.Contains("\"images\":4", OnnxMetadata.Read(converted.Model.Onnx.ToArray())["nanodet.calibration"], StringComparison.Ordinal);
            Assert.Equal(precision == ModelPrecision.Int8 ? 3 : 1, photos.Readings);
            Assert.Equal(new ConversionProgress("comparing", 4, 4), steps[^1]);
        }
    }

    [Fact]
    public async Task Convert_Forms_AreOneModelWithOneFixture()
    {
        var photos = MemoryPhotos.Noise(3);

        var converted = await ModelConverter.ConvertAsync(
            Checkpoint, Config, new ConversionOptions { Name = "tiny", Calibration = photos }, [ModelForm.GpuFloat16, ModelForm.CpuInt8], Token);
        var set = converted.ToSet();

        Assert.Equal([ModelForm.CpuFloat32, ModelForm.CpuInt8, ModelForm.GpuFloat16], set.Manifest!.Forms.Select(entry => entry.Form));
        Assert.All(converted.Models, pair => Assert.Equal(FormNames.PrecisionOf(pair.Key), pair.Value.Model.Description.Precision));
        Assert.Single(converted.Models.Values.Select(model => model.Model.Description.Parity).Distinct());
        Assert.Equal(12, set.Version.Length);
        Assert.NotEqual(set.Primary.Version, set.Version);

        // The form for GPUs keeps the layers of the official code.
        var plain = await ModelConverter.ConvertAsync(
            Checkpoint, Config, new ConversionOptions { Name = "tiny", Precision = ModelPrecision.Fp16, Plain = true, Calibration = photos }, Token);
        Assert.Equal(plain.Model.Sha256, converted.Models[ModelForm.GpuFloat16].Model.Sha256);
    }

    [Fact]
    public async Task Convert_EightBits_MeasuresThemAgainstFloat32AndSaysWhatItMeans()
    {
        var converted = await ConvertAsync(ModelPrecision.Int8, MemoryPhotos.Noise(3));

        Assert.InRange(converted.Speed!.Factor, 1e-3, 1e3);
        Assert.Equal(Environment.ProcessorCount, converted.Speed.ConcurrentRuns);
        Assert.StartsWith(converted.Speed.ToString(), converted.SpeedNote, StringComparison.Ordinal);
        Assert.Equal(!converted.Speed.IsWorthIt, converted.SpeedNote!.Contains("serves float32", StringComparison.Ordinal));
        Assert.Null((await ConvertAsync(ModelPrecision.Fp16, photos: null)).SpeedNote);
    }

    [Fact]
    public async Task Convert_SameInputs_GiveTheSameBytes()
    {
        var first = await ConvertAsync(ModelPrecision.Int8, MemoryPhotos.Noise(3));
        var second = await ConvertAsync(ModelPrecision.Int8, MemoryPhotos.Noise(3));

        Assert.Equal(first.Model.Sha256, second.Model.Sha256);
    }

    [Fact]
    public async Task Convert_HalfPrecisionWithoutPhotos_IsNotCompared()
    {
        var converted = await ConvertAsync(ModelPrecision.Fp16, photos: null);

        Assert.Null(converted.Comparison);
        Assert.False(OnnxMetadata.Read(converted.Model.Onnx.ToArray()).ContainsKey("nanodet.calibration"));
    }

    [Fact]
    public async Task Convert_EightBitsWithoutPhotos_IsRefusedBeforeAnythingIsDone()
    {
        var exception = await Assert.ThrowsAsync<ConversionException>(() => ModelConverter.ConvertAsync(
            [], [], new ConversionOptions { Name = "tiny", Precision = ModelPrecision.Int8 }, Token));

        Assert.Equal(ConversionErrorCodes.CalibrationMissing, exception.Code);
    }

    [Fact]
    public async Task Convert_PhotoThatIsNone_IsLeftOutAndNoted()
    {
        var good = await ReadAsync(MemoryPhotos.Noise(2));

        var converted = await ConvertAsync(ModelPrecision.Int8, new MemoryPhotos([good[0], new CalibrationImage("bad.png", "no photo"u8.ToArray()), good[1]]));

        Assert.Equal(2, converted.Comparison!.Images);
        Assert.Single(converted.Notes, note => note.Contains("bad.png: not_an_image", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ModelPrecision.Fp16)]
    [InlineData(ModelPrecision.Int8)]
    public async Task Convert_NoUsablePhoto_SaysWhereTheyWereLookedFor(ModelPrecision precision)
    {
        var exception = await Assert.ThrowsAsync<ConversionException>(
            () => ConvertAsync(precision, new MemoryPhotos(new CalibrationImage("bad.png", "no photo"u8.ToArray()))));

        Assert.Equal(ConversionErrorCodes.NoImages, exception.Code);
        Assert.StartsWith("photos/: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_IncompleteCheckpoint_KeepsTheExportersError()
    {
        var tensors = CheckpointFile.Tensors(Config);
        var checkpoint = CheckpointFile.Write([.. tensors.Skip(1)]);

        var exception = await Assert.ThrowsAsync<CheckpointException>(
            () => ModelConverter.ConvertAsync(checkpoint, Config, new ConversionOptions { Name = "tiny" }, Token));

        Assert.Equal(CheckpointErrorCode.Incomplete, exception.Code);
    }

    [Theory]
    [InlineData(ModelPrecision.Fp32)]
    [InlineData(ModelPrecision.Fp16)]
    public async Task Convert_InfiniteWeight_IsTheCheckpointsFault(ModelPrecision precision)
    {
        var checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config).ConvertAll(
            tensor => tensor.Name == "head.gfl_cls.0.bias" ? Fill(tensor, float.PositiveInfinity) : tensor));

        var exception = await Assert.ThrowsAsync<CheckpointException>(
            () => ModelConverter.ConvertAsync(checkpoint, Config, new ConversionOptions { Name = "tiny", Precision = precision }, Token));

        Assert.Equal(CheckpointErrorCode.InvalidWeights, exception.Code);
        Assert.Contains("tensor 'head.gfl_cls.0.bias' holds infinity", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_FiniteWeightsThatOverflow_AreRefusedWithoutBlamingTheSigmoid()
    {
        var checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config).ConvertAll(
            tensor => tensor.Name.StartsWith("head.gfl_cls", StringComparison.Ordinal) && tensor.Name.EndsWith("weight", StringComparison.Ordinal)
                ? Fill(tensor, float.MaxValue)
                : tensor));

        var exception = await Assert.ThrowsAsync<ModelLoadException>(
            () => ModelConverter.ConvertAsync(checkpoint, Config, new ConversionOptions { Name = "tiny" }, Token));

        Assert.Equal(ModelErrorCodes.ParityFailed, exception.Code);
        Assert.Contains("Expected finite output values", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sigmoid", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelPrecision.Fp32)]
    [InlineData(ModelPrecision.Int8)]
    public async Task Convert_InputThatIsNoMultipleOf32_IsPaddedAndVerified(ModelPrecision precision)
    {
        var config = TinyModel.PlusConfig(("[64, 64]", "[50, 40]"));

        var converted = await ModelConverter.ConvertAsync(
            Checkpoint, config, new ConversionOptions { Name = "tiny", Precision = precision, Calibration = MemoryPhotos.Noise(2) }, Token);

        using var model = NanodetModel.Load(converted.Model.Onnx.ToArray());
        Assert.Equal(new ModelInput(50, 40, KeepRatio: false) { TracedWidth = 64, TracedHeight = 64 }, model.Description.Input);
        Assert.True(ParityFixture.Verify(model).HasFixture);
    }

    [Fact]
    public async Task Convert_Cancelled_EndsBetweenTwoPhotos()
    {
        using var cancelled = new CancellationTokenSource();
        var progress = new Recorder([], () => cancelled.Cancel());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ModelConverter.ConvertAsync(
            Checkpoint,
            Config,
            new ConversionOptions { Name = "tiny", Precision = ModelPrecision.Int8, Calibration = MemoryPhotos.Noise(3), Progress = progress },
            cancelled.Token));
    }

    private static Task<ConvertedModel> ConvertAsync(ModelPrecision precision, ICalibrationSet? photos, IProgress<ConversionProgress>? progress = null) =>
        ModelConverter.ConvertAsync(
            Checkpoint,
            Config,
            new ConversionOptions { Name = "tiny", Precision = precision, Calibration = photos, Progress = progress },
            Token);

    private static TorchTensorData Fill(TorchTensorData tensor, float value) =>
        TorchTensorData.Float32(tensor.Name, tensor.Shape, [.. Enumerable.Repeat(value, tensor.Bytes.Length / sizeof(float))]);

    private static async Task<List<CalibrationImage>> ReadAsync(MemoryPhotos photos)
    {
        var all = new List<CalibrationImage>();
        await foreach (var photo in photos.ReadAsync(Token))
        {
            all.Add(photo);
        }

        return all;
    }

    private sealed class Recorder(List<ConversionProgress> steps, Action? onStep = null) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            steps.Add(value);
            onStep?.Invoke();
        }
    }
}
