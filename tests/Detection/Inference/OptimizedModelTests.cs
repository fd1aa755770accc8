using Microsoft.Extensions.Time.Testing;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class OptimizedModelTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-optimized-");
    private readonly byte[] _model = new OnnxTestModel { Strides = [8] }.Build();

    private ModelOptions Options => new() { Provider = ExecutionProvider.Cpu, OptimizedFolder = Path.Combine(_folder.FullName, "optimized") };

    private FileInfo[] Files => new DirectoryInfo(Options.OptimizedFolder!).GetFiles();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_SecondTime_ReusesTheGraphAndDetectsTheSame()
    {
        using var plain = NanodetModel.Load(_model, Options with { OptimizedFolder = null });
        using var built = NanodetModel.Load(_model, Options);
        using var reused = NanodetModel.Load(_model, Options);

        Assert.Equal(
            [OptimizedModelUse.Off, OptimizedModelUse.Built, OptimizedModelUse.Reused],
            new[] { plain, built, reused }.Select(model => model.Optimization.Use));
        Assert.Equal(Assert.Single(Files).FullName, reused.OptimizedPath);
        Assert.Equal((plain.Sha256, plain.IsBatchFixed), (reused.Sha256, reused.IsBatchFixed));
        Assert.Equal(plain.Description.ClassNames, reused.Description.ClassNames);
        var image = TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0));
        var expected = new Detector(plain).Detect(image, TestContext.Current.CancellationToken).Detections;
        Assert.NotEmpty(expected!);
        Assert.Equal(expected, new Detector(built).Detect(image, TestContext.Current.CancellationToken).Detections);
        Assert.Equal(expected, new Detector(reused).Detect(image, TestContext.Current.CancellationToken).Detections);
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(50, 50)]
    [InlineData(100, 0)]
    public void Load_DamagedGraph_IsRemovedAndBuiltAgain(int keptPercent, int changedPercent)
    {
        NanodetModel.Load(_model, Options).Dispose();
        var file = Assert.Single(Files);
        var bytes = File.ReadAllBytes(file.FullName);
        var kept = bytes[..(bytes.Length * keptPercent / 100)];
        bytes[Math.Min(bytes.Length - 1, bytes.Length * changedPercent / 100)] ^= 0x20;
        File.WriteAllBytes(file.FullName, keptPercent == 100 ? bytes : kept);

        using var model = NanodetModel.Load(_model, Options);

        Assert.Equal(OptimizedModelUse.Built, model.Optimization.Use);
        Assert.Equal(file.Name[..32], Assert.Single(Files).Name[..32]);
        NanodetModel.Load(_model, Options).Dispose();
    }

    [Fact]
    public void Load_GraphOfAnotherModelUnderThisName_IsRefusedAndBuiltAgain()
    {
        // The other model's file is whole and names its own bytes: only the key inside tells.
        var other = new OnnxTestModel { Strides = [8], Gain = 3 }.Build();
        NanodetModel.Load(other, Options).Dispose();
        var foreign = Assert.Single(Files);
        NanodetModel.Load(_model, Options).Dispose();
        var own = Files.Single(file => file.Name != foreign.Name);
        own.Delete();
        foreign.MoveTo(Path.Combine(foreign.DirectoryName!, own.Name[..32] + foreign.Name[32..]));

        using var model = NanodetModel.Load(_model, Options);

        Assert.Equal(OptimizedModelUse.Built, model.Optimization.Use);
        Assert.Contains("expected a graph for", model.Optimization.Note, StringComparison.Ordinal);
        Assert.Equal(own.Name[..32], Assert.Single(Files).Name[..32]);
        Assert.NotEqual(foreign.FullName, Files[0].FullName);
    }

    [Fact]
    public void Load_FolderThatCannotBe_StillLoads()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, string.Empty);

        using var model = NanodetModel.Load(_model, Options with { OptimizedFolder = Path.Combine(file, "optimized") });

        Assert.Equal(OptimizedModelUse.NotKept, model.Optimization.Use);
        Assert.NotNull(model.Optimization.Note);
    }

    [Fact]
    public void Load_NoModel_LeavesNothingBehind()
    {
        var exception = Assert.Throws<ModelLoadException>(() => NanodetModel.Load("not a model"u8.ToArray(), Options));

        Assert.Equal(ModelErrorCodes.NotAnOnnxModel, exception.Code);
        Assert.Empty(Files);
    }

    [Fact]
    public void Key_AnyPartOfIt_MakesAnotherName()
    {
        var options = new ModelOptions();
        var key = Key("a", ExecutionProvider.Cpu, options, "1.31.0", "avx512");

        string[] others =
        [
            Key("b", ExecutionProvider.Cpu, options, "1.31.0", "avx512"),
            Key("a", ExecutionProvider.Cuda, options, "1.31.0", "avx512"),
            Key("a", ExecutionProvider.Cpu, options with { RequireGpu = true }, "1.31.0", "avx512"),
            Key("a", ExecutionProvider.Cpu, options, "1.32.0", "avx512"),
            Key("a", ExecutionProvider.Cpu, options, "1.31.0", "avx2"),
        ];

        Assert.Equal(others.Length + 1, others.Append(key).Distinct().Count());
        Assert.Equal(key, Key("a", ExecutionProvider.Cpu, options with { Version = "7" }, "1.31.0", "avx512"));

        static string Key(string model, ExecutionProvider provider, ModelOptions options, string runtime, string processor) =>
            OptimizedModelKey.Create(model, provider, options, runtime, processor).Name;
    }

    [Fact]
    public void Add_MoreThanTheRoom_RemovesWhatWasNotUsedForTheLongest()
    {
        _ = OrtEnv.Instance();
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var keys = Enumerable.Range(0, 4)
            .Select(i => OptimizedModelKey.Create($"{i}", ExecutionProvider.Cpu, new ModelOptions(), "1", "x")).ToArray();
        var cache = new OptimizedModelCache(_folder.FullName, 35_000, time);
        var orphan = cache.CreateTemporaryName();
        File.WriteAllText(orphan, "left behind");
        File.SetLastWriteTimeUtc(orphan, time.GetUtcNow().UtcDateTime);
        Add(0);
        Add(1);
        Add(2);
        Assert.NotNull(cache.Find(keys[0], out _));
        Assert.True(File.Exists(orphan));

        time.Advance(TimeSpan.FromHours(1));
        Add(3);

        Assert.Equal([true, false, true, true], keys.Select(key => cache.Find(key, out _) is not null));
        Assert.False(File.Exists(orphan));

        void Add(int i)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            var temporary = cache.CreateTemporaryName();
            File.WriteAllBytes(temporary, new byte[10_000 + i]);
            cache.Add(keys[i], temporary);
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
