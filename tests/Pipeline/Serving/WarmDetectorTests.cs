using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Serving;

public sealed class WarmDetectorTests(AzuriteFixture fixture)
{
    private readonly RunFaults _faults = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Detect_OutOfMemory_TakesSmallerBatchesFromThenOn()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, OneLane, _faults.AddTo);
        var sizes = new ConcurrentQueue<int>();
        var detector = Create(app, images =>
        {
            sizes.Enqueue(images.Count);
            return images.Count > 2 ? Fault("BFCArena: Failed to allocate memory for requested buffer of size 1") : null;
        });
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        var images = Enumerable.Repeat((ReadOnlyMemory<byte>)TestModel.Image, 8).ToArray();

        var detection = await DetectAsync(detector, images, lease);
        Assert.Equal([8, 4, 2, 2, 4, 2, 2], sizes);
        Assert.All(detection.Outcomes, outcome => Assert.NotEmpty(outcome.Detections!));
        Assert.Equal(2, lease.Loaded.Batcher.MaxRunSize);

        sizes.Clear();
        await DetectAsync(detector, images, lease);
        Assert.Equal([2, 2, 2, 2], sizes);
        Assert.Equal(1, app.Model.Status.Loads);
        Assert.Equal(16, app.Model.Status.Images);
    }

    [Fact]
    public async Task Detect_OutOfMemoryWithOneImage_IsTheMachinesAndTheModelComesBack()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: _faults.AddTo);
        var runs = 0;
        var detector = Create(app, _ =>
        {
            runs++;
            return Fault("CUDA out of memory");
        });
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        var fault = await Assert.ThrowsAsync<EnvironmentException>(() => DetectAsync(detector, [TestModel.Image], lease));
        Assert.Equal((EnvironmentErrorCodes.OutOfMemory, 1), (fault.Code, runs));
        await app.UntilReadyAsync();
        Assert.Equal(2, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Detect_OneImageThatThereIsNoMemoryFor_FailsForNoImage()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, OneLane, _faults.AddTo);
        byte[] large = [.. TestModel.Image];
        var detector = Create(app, images => images.Any(image => image.Equals(large)) ? new InsufficientMemoryException("large") : null);
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;

        var fault = await Assert.ThrowsAsync<EnvironmentException>(
            () => DetectAsync(detector, [TestModel.Image, large, TestModel.Image], lease));

        Assert.Equal(EnvironmentErrorCodes.OutOfMemory, fault.Code);
    }

    [Fact]
    public async Task Detect_OneImageThatTheModelRefuses_IsTheOnlyFailure()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, OneLane, _faults.AddTo);
        byte[] bad = [.. TestModel.Image];
        var detector = Create(app, images => images.Any(image => image.Equals(bad)) ? Fault("Non-zero status code returned") : null);
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;

        var detection = await DetectAsync(detector, [TestModel.Image, bad, TestModel.Image, TestModel.Image], lease);

        Assert.Equal([null, FailureCodes.InferenceFailed, null, null], detection.Outcomes.Select(outcome => outcome.Error?.Code));
        Assert.Equal(1, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Detect_SessionLost_IsBuiltAgainOnce()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: _faults.AddTo);
        var faults = 1;
        var detector = Create(app, _ => faults-- > 0 ? Fault("CUDA failure 700: an illegal memory access was encountered") : null);
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        var detection = await DetectAsync(detector, [TestModel.Image], lease);

        Assert.NotSame(lease.Model, detection.Detector.Model);
        Assert.NotEmpty(detection.Outcomes[0].Detections!);
        Assert.Equal((WarmModelState.Ready, 2), (app.Model.Status.State, app.Model.Status.Loads));

        // The old lease again: the new session is taken without another load.
        faults = 1;
        await DetectAsync(detector, [TestModel.Image], lease);
        Assert.Equal(2, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Detect_SessionOfAnotherVersionLost_IsBuiltAgainAndStaysThatVersion()
    {
        await using var app = await TestApp.CreateAsync(fixture, replace: _faults.AddTo);
        var old = TestModel.Build(new OnnxTestModel { Gain = 25 });
        await app.Get<ModelPublisher>().PublishAsync(old, null, "v0", Token);
        await app.Get<ModelPublisher>().PublishAsync(TestModel.Bytes, null, "v1", Token);
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();
        var used = new List<NanodetModel>();
        var detector = Create(app, (detector, _) =>
        {
            used.Add(detector.Model);
            return used.Count == 1 ? Fault("CUDA failure 700: an illegal memory access was encountered") : null;
        });

        var options = new DetectionRequestOptions { Model = "v0" };
        var result = await detector.DetectAsync(TestModel.Image, "body", options, TimeSpan.FromMinutes(1), Token);

        Assert.Equal((TestModel.Hash(old), "v0"), (result!.Model!.Sha256, result.Model.Version));
        Assert.NotSame(used[0], used[1]);
        Assert.Throws<ObjectDisposedException>(() => ParityFixture.Verify(used[0]));
        Assert.Equal((1, WarmModelState.Ready), (app.Model.Status.Loads, app.Model.Status.State));
    }

    [Fact]
    public async Task Detect_SessionLostAgain_Throws()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: _faults.AddTo);
        var detector = Create(app, _ => Fault("CUDNN failure 4: CUDNN_STATUS_INTERNAL_ERROR"));
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        await Assert.ThrowsAsync<OnnxRuntimeException>(() => DetectAsync(detector, [TestModel.Image], lease));
        Assert.Equal(2, app.Model.Status.Loads);
    }

    [Fact]
    public async Task Detect_OtherFault_IsNotTriedAgain()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: _faults.AddTo);
        var runs = 0;
        var detector = Create(app, _ =>
        {
            runs++;
            return Fault("Got invalid dimensions for input");
        });
        using var lease = (await app.Model.WaitAsync(TimeSpan.Zero, Token))!;
        await Assert.ThrowsAsync<OnnxRuntimeException>(() => DetectAsync(detector, [TestModel.Image], lease));
        Assert.Equal((1, 1), (runs, app.Model.Status.Loads));
    }

    [Fact]
    public async Task Detect_SingleImage_GivesAResult()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: _faults.AddTo);
        var detector = app.Get<WarmDetector>();
        var options = new DetectionRequestOptions { MaxDetections = 1, Model = "test-plus" };
        var result = await detector.DetectAsync(TestModel.Image, "body", options, TimeSpan.Zero, Token);
        Assert.Single(result!.Detections!);
        Assert.Equal((null, "body", 1), (result.Image.Container, result.Image.Name, result.Options!.MaxDetections));

        var failed = await detector.DetectAsync("text"u8.ToArray(), "body", null, TimeSpan.Zero, Token);
        Assert.Equal("not_an_image", failed!.Error!.Code);
        var other = await detector.DetectAsync(TestModel.Image, "body", options with { Model = "other" }, TimeSpan.Zero, Token);
        Assert.Equal(FailureCodes.ModelNotServed, other!.Error!.Code);
        await Assert.ThrowsAsync<PipelineException>(
            () => detector.DetectAsync(TestModel.Image, "body", options with { MaxDetections = 0 }, TimeSpan.Zero, Token));
    }

    [Fact]
    public async Task Detect_ModelNotReady_GivesNothing()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        Assert.Null(await app.Get<WarmDetector>().DetectAsync(TestModel.Image, "body", null, TimeSpan.Zero, Token));
    }

    /// <summary>Batches that are full, whatever the machine: one lane, and a delay that no test lasts.</summary>
    private static Dictionary<string, string?> OneLane => new()
    {
        ["Nanodet:Batching:Lanes"] = "1",
        ["Nanodet:Batching:MaxRunSize"] = "8",
        ["Nanodet:Batching:MaxDelay"] = "00:00:01",
    };

    private WarmDetector Create(TestApp app, Func<IReadOnlyList<ReadOnlyMemory<byte>>, Exception?> fault) =>
        Create(app, (_, images) => fault(images));

    private WarmDetector Create(TestApp app, Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, Exception?> fault)
    {
        _faults.Find = fault;
        return app.Get<WarmDetector>();
    }

    /// <summary>ONNX Runtime keeps its exception's constructor to itself.</summary>
    private static OnnxRuntimeException Fault(string message)
    {
        var constructor = Assert.Single(typeof(OnnxRuntimeException).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic));
        var code = Enum.ToObject(constructor.GetParameters()[0].ParameterType, 1);
        return (OnnxRuntimeException)constructor.Invoke([code, message]);
    }

    private static Task<(IReadOnlyList<DetectionOutcome> Outcomes, Detector Detector)> DetectAsync(
        WarmDetector detector, IReadOnlyList<ReadOnlyMemory<byte>> images, ModelLease lease) =>
        detector.DetectAsync(images, [.. images.Select((_, i) => $"{i}.png")], null, lease, Token);
}
