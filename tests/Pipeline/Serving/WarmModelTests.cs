using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Tests.Storage;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Serving;

public sealed class WarmModelTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_Published_IsReadyAndLoadedOnce()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        for (var i = 0; i < 5; i++)
        {
            await app.RunAsync(await app.UploadAsync($"{i}.png"));
        }

        var status = app.Model.Status;
        Assert.Equal((WarmModelState.Ready, null, 1, 0, 5L), (status.State, status.Code, status.Loads, status.FailedTries, status.Images));
        Assert.Equal(
            ("test-plus", "v1", TestModel.Sha256, "CPU"),
            (status.Model!.Name, status.Model.Version, status.Model.Sha256, status.Provider));
    }

    [Fact]
    public async Task Start_NoModel_SaysWhyAndTakesItAsSoonAsItIsThere()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        Assert.Equal(WarmModelState.Loading, app.Model.Status.State);
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.NotFound);
        Assert.Contains("current.json", app.Model.Status.Reason);

        // A pointer that names a blob that is not there yet.
        await app.Models.GetBlobClient("current.json").UploadAsync(
            BinaryData.FromBytes(TestModel.Pointer(TestModel.Sha256, "test/v1/model.onnx")), overwrite: true, Token);
        await Poll.UntilAsync(
            () => app.Model.Status.Reason?.Contains("test/v1/model.onnx", StringComparison.Ordinal) == true, $"{app.Model.Status}", Token);

        await app.PublishAsync(TestModel.Bytes);
        await app.UntilReadyAsync();
        Assert.Equal(1, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Start_CorruptModel_IsNamedNotCachedAndRepaired()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.PublishAsync(TestModel.Bytes);
        var damaged = TestModel.Bytes.ToArray();
        damaged[^1] ^= 1;
        var blob = app.Models.GetBlobClient("test/v1/model.onnx");
        await blob.UploadAsync(BinaryData.FromBytes(damaged), overwrite: true, Token);
        await app.Model.StartAsync(Token);

        await UntilNotReadyAsync(app, ModelErrorCodes.Corrupt);
        Assert.Contains($"expected SHA-256 {TestModel.Sha256}, found {TestModel.Hash(damaged)}", app.Model.Status.Reason);
        Assert.Contains("test/v1/model.onnx", app.Model.Status.Reason);
        Assert.Empty(Directory.GetFiles(app.CacheFolder, "*.onnx"));

        await blob.UploadAsync(BinaryData.FromBytes(TestModel.Bytes), overwrite: true, Token);
        await app.UntilReadyAsync();
        Assert.Equal([$"{TestModel.Sha256}.onnx"], Directory.GetFiles(app.CacheFolder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("no json", ModelErrorCodes.PointerInvalid)]
    [InlineData("""{ "schemaVersion": 2, "name": "m", "version": "v", "sha256": "00", "blob": "b" }""", ModelErrorCodes.PointerInvalid)]
    [InlineData("""{ "schemaVersion": 1, "name": "m", "version": "v", "sha256": "00", "blob": "b" }""", ModelErrorCodes.PointerInvalid)]
    [InlineData("""{ "schemaVersion": 1, "name": "m", "version": "v", "blob": "b" }""", ModelErrorCodes.PointerInvalid)]
    public async Task Start_NoPointer_IsNotReady(string pointer, string code)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.Models.GetBlobClient("current.json").UploadAsync(BinaryData.FromString(pointer), overwrite: true, Token);
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, code);
    }

    [Fact]
    public async Task Start_BytesThatAreNoModel_AreNotReady()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.PublishAsync([1, 2, 3, 4]);
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.NotAnOnnxModel);
    }

    [Fact]
    public async Task Start_ParityFails_IsNotReady()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var other = new OnnxTestModel { Gain = 3 };
        await app.PublishAsync((new OnnxTestModel() with
        {
            Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = ParityFixture.Compute(other.Build()) },
        }).Build());
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.ParityFailed);
    }

    [Fact]
    public async Task Start_GpuRequiredAndTheCpuThere_IsNotReadyAndBatchesWait()
    {
        await using var app = await TestApp.CreateAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Model:Provider"] = "Cpu",
            ["Nanodet:Model:RequireGpu"] = "true",
            ["Nanodet:Worker:ReadyWait"] = "00:00:00",
        });
        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.ProviderUnavailable);

        Assert.Contains("A GPU is required (RequireGpu)", app.Model.Status.Reason, StringComparison.Ordinal);
        Assert.Null(app.Model.Status.Provider);
        Assert.Null(await app.ProcessAsync(await app.ListAsync(await app.UploadAsync("a.png"))));
        Assert.Equal((0L, null), (app.Model.Status.Images, await app.ReadAsync("a.png")));
    }

    [Fact]
    public async Task Start_GpuRequiredOfAnyProvider_IsReadyOnAGpuOrNotAtAll()
    {
        await using var app = await TestApp.CreateAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Model:Provider"] = "Auto",
            ["Nanodet:Model:RequireGpu"] = "true",
        });
        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(Token);
        await Poll.UntilAsync(() => app.Model.Status.State != WarmModelState.Loading, $"{app.Model.Status}", Token);

        var status = app.Model.Status;
        if (ProviderProbe.Probe()[1].Usable)
        {
            Assert.Equal("CUDA", status.Provider);
        }
        else
        {
            Assert.Equal((WarmModelState.NotReady, ModelErrorCodes.ProviderUnavailable), (status.State, status.Code));
            Assert.Contains("CUDA, but it cannot be used", status.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_StorageAway_IsNotReady()
    {
        await using var app = TestApp.CreateWithoutStorage(fixture, new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] =
                "AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;",
        });
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.StorageUnavailable);
        Assert.DoesNotContain("AAAA", app.Model.Status.Reason);
    }

    /// <summary>A timeout of the SDK looks like a cancellation, and nobody has cancelled anything.</summary>
    [Fact]
    public async Task Start_PointerNotReadInTime_IsNotReadyAndTriesAgain()
    {
        using var storage = new FaultyStorage();
        await using var app = await TestApp.CreateAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Model:RetryPause"] = "00:00:00.500" }, storage.AddTo);
        await app.PublishAsync(TestModel.Bytes);
        storage.Fail(HttpMethod.Get, "/current.json", FaultyStorage.Timeout);
        await app.Model.StartAsync(Token);

        await UntilNotReadyAsync(app, ModelErrorCodes.StorageUnavailable);
        Assert.Contains("exceeded the configured timeout", app.Model.Status.Reason, StringComparison.Ordinal);
        await app.UntilReadyAsync();
        Assert.Equal(1, storage.Faults);
    }

    [Fact]
    public async Task Poll_PointerNotReadInTime_GoesOn()
    {
        using var storage = new FaultyStorage();
        await using var app = await TestApp.CreateReadyAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Model:PollInterval"] = "00:00:00.100" }, storage.AddTo);
        storage.Fail(HttpMethod.Get, "/current.json", FaultyStorage.Timeout);
        await Poll.UntilAsync(() => storage.Faults == 1, "a poll that fails", Token);

        // What is published next is served.
        var next = TestModel.Build(new OnnxTestModel { Gain = 25 });
        await app.PublishAsync(next, "v2");
        await Poll.UntilAsync(() => app.Model.Status.Model?.Sha256 == TestModel.Hash(next), $"v2, but: {app.Model.Status}", Token);
        Assert.Null(app.Model.Status.SwapProblem);

        // And what is lost is built again.
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        app.Model.ReportLost(lease.Loaded, new InvalidOperationException("CUDA failure 700"));
        using var renewed = await app.Model.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(3, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Start_Failing_TriesAgainWithGrowingPauses()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(
            fixture,
            new Dictionary<string, string?> { ["Nanodet:Model:RetryPause"] = "00:00:01", ["Nanodet:Model:LongestRetryPause"] = "00:00:05" },
            services => services.AddSingleton<TimeProvider>(time));
        await app.Model.StartAsync(Token);
        foreach (var (tries, seconds) in new[] { (1, 1), (2, 2), (3, 4), (4, 5), (5, 5) })
        {
            await Poll.UntilAsync(() => app.Model.Status.FailedTries == tries, $"try {tries}: {app.Model.Status}", Token);
            await AdvanceAsync(app, time, TimeSpan.FromSeconds(seconds), tries);
        }

        await Poll.UntilAsync(() => app.Model.Status.FailedTries == 6, "try 6", Token);
        Assert.Null(await app.Model.WaitAsync(TimeSpan.Zero, Token));
        var waiting = app.Model.WaitAsync(TimeSpan.FromMilliseconds(1500), Token);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1500));
        Assert.Null(await waiting);
    }

    [Fact]
    public async Task Start_Cached_NeedsNoDownload()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.Models.GetBlobClient("test/v1/model.onnx").DeleteAsync(cancellationToken: Token);
        await using var second = await TestApp.CreateAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Storage:Models"] = app.Models.Name,
            ["Nanodet:Model:CacheFolder"] = app.CacheFolder,
        });
        await second.Model.StartAsync(Token);
        await second.UntilReadyAsync();
    }

    [Fact]
    public async Task Start_DamagedCache_IsFetchedAgain()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.PublishAsync(TestModel.Bytes);
        var cached = Path.Combine(app.CacheFolder, $"{TestModel.Sha256}.onnx");
        await File.WriteAllBytesAsync(cached, TestModel.Bytes[..100], Token);
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();
        Assert.Equal(TestModel.Bytes, await File.ReadAllBytesAsync(cached, Token));
    }

    [Fact]
    public async Task Start_FromFile_ChecksItsHash()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "m.onnx");
        await using var app = await TestApp.CreateAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Model:Source"] = "File",
            ["Nanodet:Model:File"] = path,
            ["Nanodet:Model:Sha256"] = TestModel.Sha256.ToUpperInvariant(),
        });
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.NotFound);
        await File.WriteAllBytesAsync(path, [1, 2], Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.Corrupt);
        await File.WriteAllBytesAsync(path, TestModel.Bytes, Token);
        await app.UntilReadyAsync();
        Assert.Equal(TestModel.Sha256[..12], app.Model.Status.Model!.Version);
    }

    [Fact]
    public async Task Start_ForeignModel_TakesTheConfigBesideIt()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.PublishAsync(new OnnxTestModel { HasMetadata = false }.Build());
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.MetadataMissing);

        // The model is cached by now: a repair of what lies beside it has to count as well.
        await app.Models.GetBlobClient("test/v1/model.yml").UploadAsync(
            BinaryData.FromString(TestModel.ForeignConfig),
            Token);
        await app.UntilReadyAsync();
        Assert.Equal(("test-plus", "v1"), (app.Model.Status.Model!.Name, app.Model.Status.Model.Version));
        Assert.Equal(1, (await app.RunAsync(await app.UploadAsync("a.png"))).Detected);
    }

    [Fact]
    public async Task Start_CacheFolderThatCannotBe_IsNotReady()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "no folder", Token);
        await using var app = await TestApp.CreateAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Model:CacheFolder"] = file });
        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.Unexpected);
    }

    [Fact]
    public async Task Start_FromBlobWithoutHash_IsReady()
    {
        await using var app = await TestApp.CreateAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Model:Source"] = "Blob",
            ["Nanodet:Model:Blob"] = "mine.onnx",
        });
        await app.Model.StartAsync(Token);
        await UntilNotReadyAsync(app, ModelErrorCodes.NotFound);
        await app.Models.GetBlobClient("mine.onnx").UploadAsync(BinaryData.FromBytes(TestModel.Bytes), Token);
        await app.UntilReadyAsync();
        Assert.Equal(TestModel.Sha256, app.Model.Status.Model!.Sha256);
    }

    [Fact]
    public async Task ReportLost_Session_IsBuiltAgainWhileTheOldLeaseEnds()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        app.Model.ReportLost(lease.Loaded, new InvalidOperationException("CUDA failure 700"));
        app.Model.ReportLost(lease.Loaded, new InvalidOperationException("CUDA failure 700"));

        using var next = (await app.Model.WaitAsync(TimeSpan.FromSeconds(30), Token))!;
        Assert.NotSame(lease.Model, next.Model);
        Assert.Equal(2, app.Model.Status.Loads);

        // Still alive: a batch that is under way on it ends in peace.
        ParityFixture.Verify(lease.Model).EnsurePassed();
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ParityFixture.Verify(lease.Model));
        lease.Dispose();
        ParityFixture.Verify(next.Model).EnsurePassed();
    }

    private static Task UntilNotReadyAsync(TestApp app, string code) => Poll.UntilAsync(
        () => app.Model.Status is { State: WarmModelState.NotReady } status && status.Code == code,
        $"{code}, but: {app.Model.Status}",
        Token);

    /// <summary>The pause begins a moment after the status tells of the failure, so the next try comes after it and not before.</summary>
    private static async Task AdvanceAsync(TestApp app, FakeTimeProvider time, TimeSpan pause, int tries)
    {
        var passed = TimeSpan.Zero;
        var step = TimeSpan.FromMilliseconds(50);
        while (app.Model.Status.FailedTries == tries)
        {
            time.Advance(step);
            passed += step;
            Assert.True(passed < pause + TimeSpan.FromSeconds(60), $"no try after {passed}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, Token);
        }

        Assert.True(passed >= pause, $"try {tries + 1} came after {passed} instead of {pause}");
    }
}
