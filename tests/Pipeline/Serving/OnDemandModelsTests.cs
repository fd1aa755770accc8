using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Tests.Storage;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Serving;

/// <summary>Requests that name a published model other than the current one.</summary>
public sealed class OnDemandModelsTests(AzuriteFixture fixture)
{
    private static readonly byte[] Old = TestModel.Build(new OnnxTestModel { Gain = 25 });
    private static readonly byte[] Older = TestModel.Build(new OnnxTestModel { Gain = 26 });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_OtherVersionNamed_IsServedByItAndSaysSo()
    {
        await using var app = await CreateAsync(otherModels: 1);
        foreach (var named in new[] { "v0", "test-plus/v0", TestModel.Hash(Old).ToUpperInvariant() })
        {
            var image = await app.UploadAsync($"{named.Length}.png");
            Assert.Equal(1, (await app.RunAsync(Named(image, named))).Detected);
            Assert.Equal((TestModel.Hash(Old), "v0"), await ModelOfAsync(app, image.Name));

            // The same request again is the same result; without the name it is another one.
            Assert.Equal(new BatchCounts(0, 0, 1), await app.RunAsync(Named(image, named) with { Stamp = "again" }));
            Assert.Equal(1, (await app.RunAsync(image)).Detected);
            Assert.Equal((TestModel.Sha256, "v1"), await ModelOfAsync(app, image.Name));
        }

        Assert.Equal((1, 1), (app.Model.Status.Loads, app.Get<OnDemandModels>().Count));
    }

    [Fact]
    public async Task Process_BatchOfSeveralModels_ServesEachWithRoomForOne()
    {
        await using var app = await CreateAsync(otherModels: 1);
        var images = new List<ImageMessage>();
        foreach (var named in (string[])["v-1", "v0", "v1", "test-plus", "nowhere", "v0"])
        {
            images.Add(Named(await app.UploadAsync($"{images.Count}.png"), named));
        }

        images.Add(await app.UploadAsync("6.png"));
        var batch = (await app.Get<BatchLists>().WriteAsync(new FormedBatch("several", [.. images]), Token)) with { Options = null };
        var detected = await app.ProcessAsync(batch);
        Assert.Equal((6, 1, 0), (detected!.Detected, detected.Failed, detected.Skipped));
        await app.WriteAsync(batch, detected);

        string[] expected = [TestModel.Hash(Older), TestModel.Hash(Old), TestModel.Sha256, TestModel.Sha256, "", TestModel.Hash(Old), TestModel.Sha256];
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], (await app.ReadAsync($"{i}.png"))!.Model?.Sha256 ?? "");
        }

        Assert.Equal(1, app.Get<OnDemandModels>().Count);
    }

    [Fact]
    public async Task Process_UnknownModel_FailsByNameAndListsTheOthers()
    {
        await using var app = await CreateAsync(otherModels: 1);
        Assert.Equal(1, (await app.RunAsync(Named(await app.UploadAsync("a.png"), "nowhere"))).Failed);
        var error = (await app.ReadAsync("a.png"))!.Error!;
        Assert.Equal(FailureCodes.ModelNotServed, error.Code);
        Assert.Contains("'nowhere'. Published: test-plus/v", error.Message, StringComparison.Ordinal);

        var catalog = app.Get<ModelCatalog>();
        Assert.Equal(error.Message, await catalog.FindProblemAsync("nowhere", Token));
        Assert.Null(await catalog.FindProblemAsync(null, Token));
        Assert.Null(await catalog.FindProblemAsync("test-plus/v0", Token));

        // What is published now is known at once, however long the list is kept.
        await Publisher(app).PublishAsync(TestModel.Build(new OnnxTestModel { Gain = 27 }), null, "nowhere", Token);
        Assert.Null(await catalog.FindProblemAsync("nowhere", Token));
    }

    [Fact]
    public async Task FindProblem_CurrentModelUnderAnotherNameThanItsBlob_IsKnown()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var catalog = app.Get<ModelCatalog>();
        Assert.Null(await catalog.FindProblemAsync("test-plus/v1", Token));
        Assert.NotNull(await catalog.FindProblemAsync("test-plus/v2", Token));
    }

    [Fact]
    public async Task Process_NoOtherModelsAllowed_ServesTheCurrentOneOnly()
    {
        await using var app = await CreateAsync(otherModels: 0);
        Assert.Equal(1, (await app.RunAsync(Named(await app.UploadAsync("a.png"), "v0"))).Failed);
        Assert.Equal(FailureCodes.ModelNotServed, (await app.ReadAsync("a.png"))!.Error!.Code);
        Assert.Equal(1, (await app.RunAsync(Named(await app.UploadAsync("b.png"), "v1"))).Detected);
    }

    [Fact]
    public async Task Process_DamagedModel_FailsByNameAndTheCurrentOneGoesOn()
    {
        await using var app = await CreateAsync(otherModels: 1);
        var blob = app.Models.GetBlobClient("test-plus/v0/model.onnx");
        var metadata = (await blob.GetPropertiesAsync(cancellationToken: Token)).Value.Metadata;
        await blob.UploadAsync(BinaryData.FromBytes(Old.AsMemory(0, 100)), overwrite: true, Token);
        await blob.SetMetadataAsync(metadata, cancellationToken: Token);

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(1, (await app.RunAsync(Named(await app.UploadAsync($"{i}.png"), "v0"))).Failed);
            var error = (await app.ReadAsync($"{i}.png"))!.Error!;
            Assert.Equal(FailureCodes.ModelNotUsable, error.Code);
            Assert.Contains("'test-plus/v0' is published and cannot be used: model_corrupt", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, (await app.RunAsync(await app.UploadAsync("b.png"))).Detected);
        Assert.Equal((WarmModelState.Ready, 0), (app.Model.Status.State, app.Get<OnDemandModels>().Count));
    }

    /// <summary>A timeout of the SDK looks like a cancellation, and nobody has cancelled anything.</summary>
    [Fact]
    public async Task Lease_ModelNotReadInTime_GivesThePlaceFree()
    {
        using var storage = new FaultyStorage();
        await using var app = await CreateAsync(otherModels: 1, replace: storage.AddTo);
        var (models, wanted) = (app.Get<OnDemandModels>(), await FindAsync(app, "v0"));
        storage.Fail(HttpMethod.Get, "/v0/model.onnx", FaultyStorage.Timeout);

        var failure = await Assert.ThrowsAsync<ModelLoadException>(() => models.LeaseAsync(wanted, TimeSpan.FromMinutes(1), Token));
        Assert.Equal((ModelErrorCodes.StorageUnavailable, 0), (failure.Code, models.Count));

        using var lease = (await models.LeaseAsync(wanted, TimeSpan.FromMinutes(1), Token))!;
        Assert.Equal(TestModel.Hash(Old), lease.Model.Sha256);
    }

    [Fact]
    public async Task Process_ModelNotReadInTime_GivesTheBatchBack()
    {
        using var storage = new FaultyStorage();
        await using var app = await CreateAsync(otherModels: 1, replace: storage.AddTo);
        var batch = await app.ListAsync(Named(await app.UploadAsync("a.png"), "v0"));
        foreach (var ending in (string[])[$"/{app.Models.Name}", "/v0/model.onnx"])
        {
            storage.Fail(HttpMethod.Get, ending, FaultyStorage.Timeout);
            Assert.Null(await app.ProcessAsync(batch));
            Assert.Null(await app.ReadAsync("a.png"));
        }

        Assert.Equal(2, storage.Faults);
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
    }

    /// <summary>A disk that is full or read-only is the machine's.</summary>
    /// <param name="isByHand">Whether the model's blob does not say its SHA-256, so that it is fetched to know it.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_CacheCannotBeWritten_GivesTheBatchBack(bool isByHand)
    {
        using var folder = new TemporaryFolder();
        var cache = Path.Combine(folder.Path, "cache");
        await using var app = await CreateAsync(otherModels: 1, new() { ["Nanodet:Model:CacheFolder"] = cache });
        if (isByHand)
        {
            await app.Models.GetBlobClient("test-plus/v0/model.onnx")
                .SetMetadataAsync(new Dictionary<string, string>(), cancellationToken: Token);
        }

        // Nobody, not even root, makes a file below a file.
        Directory.Delete(cache, recursive: true);
        await File.WriteAllTextAsync(cache, "no folder", Token);
        var batch = await app.ListAsync(Named(await app.UploadAsync("a.png"), "v0"));
        for (var i = 0; i < 2; i++)
        {
            Assert.Null(await app.ProcessAsync(batch));
            Assert.Null(await app.ReadAsync("a.png"));
        }

        var options = new DetectionRequestOptions { Model = "v0" };
        var busy = await Assert.ThrowsAsync<ModelLoadException>(
            () => app.Get<WarmDetector>().DetectAsync(TestModel.Image, "body", options, TimeSpan.FromMinutes(1), Token));
        Assert.Equal(ModelErrorCodes.Busy, busy.Code);
        Assert.Equal((WarmModelState.Ready, 0), (app.Model.Status.State, app.Get<OnDemandModels>().Count));

        File.Delete(cache);
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
    }

    [Fact]
    public async Task Process_SessionLostAndCacheCannotBeWritten_GivesTheBatchBack()
    {
        using var folder = new TemporaryFolder();
        var cache = Path.Combine(folder.Path, "cache");
        var isLost = false;
        var faults = new RunFaults
        {
            Find = (_, _) =>
            {
                if (!isLost)
                {
                    return null;
                }

                isLost = false;
                Directory.Delete(cache, recursive: true);
                File.WriteAllText(cache, "no folder");
                return new ObjectDisposedException("session");
            },
        };
        await using var app = await CreateAsync(otherModels: 1, new() { ["Nanodet:Model:CacheFolder"] = cache }, faults.AddTo);
        var batch = await app.ListAsync(Named(await app.UploadAsync("a.png"), "v0"));
        isLost = true;

        Assert.Null(await app.ProcessAsync(batch));
        Assert.False(isLost);
        Assert.Null(await app.ReadAsync("a.png"));

        File.Delete(cache);
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
    }

    [Theory]
    [InlineData(ModelErrorCodes.NotFound, "Cpu", true)]
    [InlineData(ModelErrorCodes.Corrupt, "Cpu", true)]
    [InlineData(ModelErrorCodes.NotAnOnnxModel, "Cpu", true)]
    [InlineData(ModelErrorCodes.MetadataMissing, "Cpu", true)]
    [InlineData(ModelErrorCodes.ContractViolated, "Cpu", true)]
    [InlineData(ModelErrorCodes.ParityFailed, "Cpu", true)]
    [InlineData(ModelErrorCodes.NoDetections, "Cpu", true)]
    [InlineData(ModelErrorCodes.ProviderUnavailable, "Cpu", true)]
    [InlineData(ModelErrorCodes.ProviderUnavailable, "Cuda", false)]
    [InlineData(ModelErrorCodes.StorageUnavailable, "Cpu", false)]
    [InlineData(ModelErrorCodes.SessionLost, "Cpu", false)]
    [InlineData(ModelErrorCodes.Busy, "Cpu", false)]
    [InlineData(ModelErrorCodes.Unexpected, "Cpu", false)]
    public async Task IsAboutModel_Code_IsTheModelsOrTheMachines(string code, string provider, bool expected)
    {
        await using var app = TestApp.CreateWithoutStorage(fixture, new() { ["Nanodet:Model:Provider"] = provider });
        Assert.Equal(expected, app.Get<OnDemandModels>().IsAboutModel(new ModelLoadException(code, "why")));
    }

    [Fact]
    public async Task Lease_AllPlacesInUse_WaitsAndNeverTakesALeasedModel()
    {
        await using var app = await CreateAsync(otherModels: 1);
        var models = app.Get<OnDemandModels>();
        var (first, second) = (await FindAsync(app, "v0"), await FindAsync(app, "v-1"));
        var lease = (await models.LeaseAsync(first, TimeSpan.FromMinutes(1), Token))!;

        Assert.Null(await models.LeaseAsync(second, TimeSpan.Zero, Token));
        var waiting = models.LeaseAsync(second, TimeSpan.FromMinutes(1), Token);
        ParityFixture.Verify(lease.Model).EnsurePassed();
        Assert.False(waiting.IsCompleted);
        lease.Dispose();

        using var next = (await waiting)!;
        Assert.Equal((TestModel.Hash(Older), 1), (next.Model.Sha256, models.Count));
        Assert.Throws<ObjectDisposedException>(() => ParityFixture.Verify(lease.Model));
    }

    [Fact]
    public async Task Lease_MoreModelsThanPlaces_TheLeastRecentlyUsedGoes()
    {
        await using var app = await CreateAsync(otherModels: 2);
        await Publisher(app).PublishAsync(TestModel.Build(new OnnxTestModel { Gain = 27 }), null, "v-2", Token);
        var models = app.Get<OnDemandModels>();
        var first = await UseAsync(app, "v0");
        var second = await UseAsync(app, "v-1");
        Assert.Same(first, await UseAsync(app, "v0"));

        await UseAsync(app, "v-2");

        Assert.Equal(2, models.Count);
        Assert.Throws<ObjectDisposedException>(() => ParityFixture.Verify(second));
        Assert.Same(first, await UseAsync(app, "v0"));
    }

    [Fact]
    public async Task Lease_EndedLongAgo_TheModelGoes()
    {
        await using var app = await CreateAsync(otherModels: 1);
        var clock = new FakeTimeProvider();
        using var models = new OnDemandModels(
            app.Get<ModelFetcher>(), app.Get<ModelLoader>(), app.Get<IOptions<WarmModelOptions>>(), clock, NullLogger<OnDemandModels>.Instance);
        var lease = (await models.LeaseAsync(await FindAsync(app, "v0"), TimeSpan.FromMinutes(1), Token))!;

        clock.Advance(TimeSpan.FromHours(1));
        ParityFixture.Verify(lease.Model).EnsurePassed();
        lease.Dispose();
        clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(1, models.Count);
        clock.Advance(TimeSpan.FromMinutes(15));

        Assert.Equal(0, models.Count);
        Assert.Throws<ObjectDisposedException>(() => ParityFixture.Verify(lease.Model));
    }

    [Fact]
    public async Task Lease_ManyAtOnce_LoadOnce()
    {
        await using var app = await CreateAsync(otherModels: 1);
        var wanted = await FindAsync(app, "v0");
        var leases = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => app.Get<OnDemandModels>().LeaseAsync(wanted, TimeSpan.FromMinutes(1), Token)));
        Assert.Single(leases.Select(lease => lease!.Model).Distinct());
        Assert.All(leases, lease => lease!.Dispose());
        ParityFixture.Verify(leases[0]!.Model).EnsurePassed();
    }

    [Fact]
    public async Task Detect_SingleImageByOtherVersion_IsServed()
    {
        await using var app = await CreateAsync(otherModels: 1);
        var options = new DetectionRequestOptions { Model = "test-plus/v0" };
        var result = await app.Get<WarmDetector>().DetectAsync(TestModel.Image, "body", options, TimeSpan.FromMinutes(1), Token);
        Assert.Equal((TestModel.Hash(Old), "v0"), (result!.Model!.Sha256, result.Model.Version));
        var warm = await app.Get<WarmDetector>().DetectAsync(TestModel.Image, "body", null, TimeSpan.Zero, Token);
        Assert.Equal(TestModel.Sha256, warm!.Model!.Sha256);
    }

    private static ModelPublisher Publisher(TestApp app) => app.Get<ModelPublisher>();

    private static async Task<PublishedModel> FindAsync(TestApp app, string version) => (await app.Get<ModelCatalog>().FindAsync(version, Token))!;

    private static async Task<NanodetModel> UseAsync(TestApp app, string version)
    {
        using var lease = (await app.Get<OnDemandModels>().LeaseAsync(await FindAsync(app, version), TimeSpan.FromMinutes(1), Token))!;
        return lease.Model;
    }

    private static ImageMessage Named(ImageMessage image, string model) =>
        image with { Options = new DetectionRequestOptions { Model = model }, Stamp = model };

    private static async Task<(string Sha256, string Version)> ModelOfAsync(TestApp app, string name)
    {
        var model = (await app.ReadAsync(name))!.Model!;
        return (model.Sha256, model.Version);
    }

    /// <summary>Versions v-1 and v0 were published before v1, which serves.</summary>
    private async Task<TestApp> CreateAsync(
        int otherModels, Dictionary<string, string?>? settings = null, Action<IServiceCollection>? replace = null)
    {
        var all = new Dictionary<string, string?>(settings ?? [])
        {
            ["Nanodet:Model:OtherModels"] = $"{otherModels}",
            ["Nanodet:Worker:ReadyWait"] = "00:01:00",
        };
        var app = await TestApp.CreateAsync(fixture, all, replace);
        await Publisher(app).PublishAsync(Older, null, "v-1", Token);
        await Publisher(app).PublishAsync(Old, null, "v0", Token);
        await Publisher(app).PublishAsync(TestModel.Bytes, null, "v1", Token);
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();
        return app;
    }
}
