using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Batching;

/// <summary>The batcher as a server uses it.</summary>
public sealed class DetectionBatcherTests : IDisposable
{
    /// <summary>One lane whose runs are full: nothing else ends the waiting as soon.</summary>
    private static readonly BatchingOptions OneLane = new() { Lanes = 1, MaxRunSize = 4, MaxDelay = TimeSpan.FromSeconds(1) };

    private readonly Detector _detector = Detector.Load(
        new OnnxTestModel { Width = 96, Height = 64, Bias = -2 }.Build(),
        new DetectorOptions { MaxDetections = 7 },
        new ModelOptions { Provider = ExecutionProvider.Cpu });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _detector.Dispose();

    [Fact]
    public async Task Detect_RequestsAtTheSameTime_ShareARunAndGetTheirOwnOutcomes()
    {
        byte[][] images =
        [
            TestImages.Encoded(".png"), "text"u8.ToArray(), TestImages.Encoded(".png", 30, 90), TestImages.Encoded(".jpg", 200, 100),
        ];
        await using var batcher = new DetectionBatcher(_detector, OneLane);

        var outcomes = await Task.WhenAll(images.Select(image => batcher.DetectAsync(image, Token)));

        Assert.Equal([3, 0, 3, 3], outcomes.Select(outcome => outcome.RunSize));
        Assert.Equal(images.Select(image => _detector.Detect(image, Token).Detections), outcomes.Select(outcome => outcome.Detections));
        Assert.Equal(ImageErrorCodes.NotAnImage, outcomes[1].Error?.Code);
        Assert.All(outcomes.Where(outcome => outcome.Succeeded), outcome => Assert.Equal(7, outcome.Detections!.Count));
        Assert.Equal((1, 4), (batcher.Plan.Lanes, batcher.MaxRunSize));
    }

    [Fact]
    public async Task Detect_OtherOptions_RunApart()
    {
        var image = TestImages.Encoded(".png");
        await using var batcher = new DetectionBatcher(_detector, OneLane);
        var other = new DetectorOptions { MaxDetections = 2 };

        var outcomes = await Task.WhenAll(
            batcher.DetectAsync(image, Token),
            batcher.DetectAsync(image, other, Token),
            batcher.DetectAsync(image, other with { }, Token),
            batcher.DetectAsync(image, Token));

        Assert.Equal([2, 2, 2, 2], outcomes.Select(outcome => outcome.RunSize));
        Assert.Equal([7, 2, 2, 7], outcomes.Select(outcome => outcome.Detections!.Count));
        await Assert.ThrowsAsync<ValidationException>(() => batcher.DetectAsync(image, new DetectorOptions { IouThreshold = -1 }, Token));
    }

    [Fact]
    public async Task DisposeAsync_RequestsThatWait_AreAnsweredFirst()
    {
        var batcher = new DetectionBatcher(_detector, OneLane);
        var asked = Enumerable.Range(0, 6).Select(_ => batcher.DetectAsync(TestImages.Encoded(".png"), Token)).ToArray();

        await batcher.DisposeAsync();

        // The answers are decided; whether a task already shows it is up to its scheduler.
        Assert.All(await Task.WhenAll(asked), outcome => Assert.True(outcome.Succeeded, outcome.Error?.Message));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.DetectAsync(TestImages.Encoded(".png"), Token));
    }

    [Fact]
    public void Create_OptionOutOfRange_IsRefused()
    {
        Assert.Throws<ValidationException>(() => new DetectionBatcher(_detector, new BatchingOptions { QueueCapacity = 0 }));
        Assert.Throws<ValidationException>(() => new DetectionBatcher(_detector, new BatchingOptions { MaxDelay = TimeSpan.FromSeconds(-1) }));
        Assert.Throws<ArgumentNullException>(() => new DetectionBatcher(null!));
    }

    [Fact]
    public async Task Create_NoOptions_MeasuresTheSizeOfRunsWithinTheDetectors()
    {
        await using var batcher = new DetectionBatcher(_detector);

        Assert.InRange(batcher.MaxRunSize, 1, _detector.MaxRunSize);
        Assert.StartsWith("measured: 1 a run ", batcher.Plan.Reason, StringComparison.Ordinal);
        Assert.True((await batcher.DetectAsync(TestImages.Encoded(".png"), Token)).Succeeded);
    }
}
