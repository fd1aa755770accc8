using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Serving;

/// <summary>A model that is published while another one serves.</summary>
public sealed class HotSwapTests(AzuriteFixture fixture, ITestOutputHelper output)
{
    private static readonly Dictionary<string, string?> Settings = new() { ["Nanodet:Model:PollInterval"] = "00:00:00.100" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_AnotherModel_TakesItsPlaceWhileOldLeasesEnd()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, Settings);
        var next = TestModel.Build(new OnnxTestModel { Gain = 25 });
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;

        await app.PublishAsync(next, "v2");
        await UntilServesAsync(app, TestModel.Hash(next));

        Assert.Equal(("v2", 2, WarmModelState.Ready), (app.Model.Status.Model!.Version, app.Model.Status.Loads, app.Model.Status.State));
        ParityFixture.Verify(lease.Model).EnsurePassed();
        Assert.Equal(TestModel.Sha256, lease.Model.Sha256);
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ParityFixture.Verify(lease.Model));
    }

    [Fact]
    public async Task Publish_CorruptModel_KeepsTheOldOneAndSaysWhyUntilItIsMended()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, Settings);
        var next = TestModel.Build(new OnnxTestModel { Gain = 26 });
        var blob = app.Models.GetBlobClient("test/v2/model.onnx");
        await blob.UploadAsync(BinaryData.FromBytes(next.AsMemory(0, next.Length / 2)), overwrite: true, Token);
        await app.Models.GetBlobClient("current.json").UploadAsync(
            BinaryData.FromBytes(TestModel.Pointer(TestModel.Hash(next), blob.Name, "v2")), overwrite: true, Token);
        await Poll.UntilAsync(
            () => app.Model.Status.SwapProblem?.StartsWith(ModelErrorCodes.Corrupt, StringComparison.Ordinal) == true, $"{app.Model.Status}", Token);

        Assert.Equal((WarmModelState.Ready, TestModel.Sha256, 1), (app.Model.Status.State, app.Model.Status.Model!.Sha256, app.Model.Status.Loads));
        Assert.Equal(1, (await app.RunAsync(await app.UploadAsync("old.png"))).Detected);
        Assert.Equal(TestModel.Sha256, (await app.ReadAsync("old.png"))!.Model!.Sha256);

        await blob.UploadAsync(BinaryData.FromBytes(next), overwrite: true, Token);
        await UntilServesAsync(app, TestModel.Hash(next));
        Assert.Null(app.Model.Status.SwapProblem);
    }

    [Fact]
    public async Task Publish_PointerThatIsNone_KeepsTheOldOne()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, Settings);
        await app.Models.GetBlobClient("current.json").UploadAsync(BinaryData.FromString("no pointer"), overwrite: true, Token);
        await Poll.UntilAsync(
            () => app.Model.Status.SwapProblem?.StartsWith(ModelErrorCodes.PointerInvalid, StringComparison.Ordinal) == true, $"{app.Model.Status}", Token);
        Assert.Equal(WarmModelState.Ready, app.Model.Status.State);

        await app.PublishAsync(TestModel.Bytes);
        await Poll.UntilAsync(() => app.Model.Status.SwapProblem is null, $"{app.Model.Status}", Token);
        Assert.Equal(1, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Publish_TenTimesUnderLoad_LosesNoImageAndEachResultNamesAPublishedModel()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, Settings);
        var models = Enumerable.Range(0, 10).Select(i => TestModel.Build(new OnnxTestModel { Gain = 30 + i })).ToList();
        var loaded = new List<NanodetModel> { await ServingAsync(app) };
        var before = Memory();
        using var done = new CancellationTokenSource();
        var images = 0;
        var load = Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    var names = Enumerable.Range(images, 8).Select(i => $"load/{i}.png").ToList();
                    Interlocked.Add(ref images, names.Count);
                    var counts = await app.RunAsync(await Task.WhenAll(names.Select(name => app.UploadAsync(name))));
                    Assert.Equal((8L, 0L, 0L), ((long)counts.Detected, (long)counts.Failed, (long)counts.Skipped));
                }
            },
            Token);

        for (var i = 0; i < models.Count; i++)
        {
            await app.PublishAsync(models[i], $"v{i + 2}");
            await UntilServesAsync(app, TestModel.Hash(models[i]));
            loaded.Add(await ServingAsync(app));
            var sofar = Volatile.Read(ref images);
            await Poll.UntilAsync(() => Volatile.Read(ref images) >= sofar + 16 || load.IsCompleted, "two more batches", Token);
        }

        await done.CancelAsync();
        await load;
        Assert.Equal(11, app.Model.Status.Loads);

        // Memory returns to its level: of eleven sessions one is left, the serving one. Bytes are told, not asserted: allocators keep some.
        Assert.Equal(11, loaded.Distinct().Count());
        Assert.All(loaded[..^1], model => Assert.True(model.IsGone, $"{model.Version} is still in memory"));
        Assert.False(loaded[^1].IsGone);
        output.WriteLine($"managed and resident MiB before the switches: {before}, after ten: {Memory()}; {images} images");
        Assert.True(images >= 160, $"only {images} images while ten models came and went");
        var published = models.Append(TestModel.Bytes).Select(TestModel.Hash).ToHashSet();
        var serving = new HashSet<string>();
        for (var i = 0; i < images; i++)
        {
            var record = await app.ReadAsync($"load/{i}.png");
            Assert.Equal(DetectionStatus.Detected, record!.Status);
            Assert.Contains(record.Model!.Sha256, published);
            serving.Add(record.Model.Sha256);
        }

        Assert.True(serving.Count > 2, $"{serving.Count} models made results");
    }

    private static async Task<NanodetModel> ServingAsync(TestApp app)
    {
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        return lease.Model;
    }

    private static string Memory()
    {
        var managed = GC.GetTotalMemory(forceFullCollection: true) >> 20;
        return $"{managed} and {Environment.WorkingSet >> 20}";
    }

    private static Task UntilServesAsync(TestApp app, string sha256) =>
        Poll.UntilAsync(() => app.Model.Status.Model?.Sha256 == sha256, $"{sha256}, but: {app.Model.Status}", Token);
}
