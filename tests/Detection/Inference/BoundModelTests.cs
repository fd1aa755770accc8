using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>What is built on runs, on those of a GPU.</summary>
public sealed class BoundModelTests
{
    private static readonly OnnxTestModel Onnx = new() { KeepRatio = true, Width = 96, Height = 96 };
    private static readonly DetectorOptions Options = new() { DecodeThreads = 1, MaxDetections = 50 };

    private static readonly byte[][] Images =
    [
        .. from size in new[] { (96, 64), (64, 96), (160, 40), (50, 50), (200, 190) }
           from shift in new[] { 3, 17 }
           select TestImages.Rectangle(size.Item1, size.Item2, new Rect(shift, shift / 2, 20, 18), new Bgr((byte)(255 - shift), 0, (byte)(shift * 9))),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Detect_Images_FindsWhatSharedRunsFind(bool copiesAhead)
    {
        using var shared = BoundModel.Shared(Onnx);
        using var bound = new BoundModel(Onnx, copiesAhead);
        ReadOnlyMemory<byte>[] images = [.. Images.Select(image => image.AsMemory())];

        var expected = new Detector(shared, Options).Detect(images, Token);
        var found = new Detector(bound.Model, Options).Detect(images, Token);

        Assert.Contains(expected, outcome => outcome.Detections!.Count > 0);
        Assert.Equal(expected.Select(outcome => outcome.Detections), found.Select(outcome => outcome.Detections));
        Assert.Equal(expected.Select(outcome => outcome.RunSize), found.Select(outcome => outcome.RunSize));
    }

    [Fact]
    public void Verify_ModelWithAFixture_ReplaysItByTheSameRuns()
    {
        var bytes = new OnnxTestModel().Build();
        var fixture = ParityFixture.Compute(bytes);
        var runs = 0;
        using var bound = new BoundModel(
            new OnnxTestModel { Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = fixture } },
            copiesAhead: true,
            run =>
            {
                runs++;
                run();
            });

        var parity = ParityFixture.Verify(bound.Model);

        Assert.True(parity is { HasFixture: true, Problem: null, LargestDifference: < 1e-6f }, parity.Problem);
        Assert.Equal(1, runs);
    }

    [Fact]
    public void Load_FirstRunFails_IsProviderUnavailable()
    {
        var exception = Assert.Throws<ModelLoadException>(() => NanodetModel.Load(
            Onnx.Build(),
            new ModelOptions { Provider = ExecutionProvider.Cpu },
            () => null,
            (_, _) => throw BoundModel.Fault("CUDA failure 35: CUDA driver version is insufficient")));

        Assert.Equal(ModelErrorCodes.ProviderUnavailable, exception.Code);
        Assert.Contains("CUDA failure 35", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoMemoryForTheFirstRun_IsTheMachines()
    {
        var exception = Assert.Throws<EnvironmentException>(() => NanodetModel.Load(
            Onnx.Build(),
            new ModelOptions { Provider = ExecutionProvider.Cpu },
            () => null,
            (_, _) => throw new InsufficientMemoryException("A tensor: expected 5 bytes of memory, found less.")));

        Assert.Equal(EnvironmentErrorCodes.OutOfMemory, exception.Code);
        Assert.Contains("expected 5 bytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_RunSize_IsMeasuredByRunsInTurn()
    {
        var (inside, most, runs) = (0, 0, 0);
        using var bound = new BoundModel(Onnx, copiesAhead: true, run =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            run();
            runs++;
            Interlocked.Decrement(ref inside);
        });

        var plan = BatchingPlan.Choose(
            bound.Model, new BatchingOptions { Lanes = 3, CalibrationTime = TimeSpan.FromMinutes(1) }, 2, TimeProvider.System, Token);

        // Two sizes; a round of each to allocate and three that count; three lanes with four runs each.
        Assert.Equal(3, plan.Lanes);
        Assert.StartsWith("measured: 1 a run ", plan.Reason, StringComparison.Ordinal);
        Assert.Equal((1, 2 * 4 * 3 * 4), (most, runs));
    }

    [Fact]
    public void Choose_LargerBatchHasNoMemory_TakesTheOneThatRuns()
    {
        var runs = 0;
        using var bound = new BoundModel(Onnx, copiesAhead: true, run =>
        {
            if (++runs > 4 * 2 * 4)
            {
                throw BoundModel.Fault("CUDA failure 2: out of memory");
            }

            run();
        });

        var plan = BatchingPlan.Choose(
            bound.Model, new BatchingOptions { Lanes = 2, CalibrationTime = TimeSpan.FromMinutes(1) }, 8, TimeProvider.System, Token);

        Assert.Equal(1, plan.MaxRunSize);
    }

    [Fact]
    public void Choose_NothingRuns_ThrowsWhatTheRunThrew()
    {
        using var bound = new BoundModel(Onnx, copiesAhead: true, _ => throw BoundModel.Fault("CUDA failure 999: unknown error"));

        var exception = Assert.Throws<OnnxRuntimeException>(() => BatchingPlan.Choose(
            bound.Model, new BatchingOptions { Lanes = 2 }, 8, TimeProvider.System, Token));

        Assert.Contains("unknown error", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batcher_NoMemoryForABatch_GoesOnWithHalfOfIt()
    {
        var sizes = new ConcurrentQueue<int>();
        using var bound = new BoundModel(Onnx, copiesAhead: true);
        using var batcher = new DetectionBatcher(
            bound.Model,
            new BatchingPlan(1, 4, "a test"),
            new BatchingOptions { MaxDelay = TimeSpan.FromSeconds(1) },
            TimeProvider.System,
            NullLogger.Instance,
            (used, images, token) =>
            {
                sizes.Enqueue(images.Count);
                return images.Count > 2 ? throw new InsufficientMemoryException() : used.Detect(images, token);
            });

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => batcher.DetectAsync(Images[0], Options, Token)));

        Assert.Equal([4, 2, 2], sizes);
        Assert.Equal(2, batcher.MaxRunSize);
        Assert.All(outcomes, outcome => Assert.Equal(outcomes[0].Detections, outcome.Detections));
    }

    [Fact]
    public async Task Batcher_FaultsAndCancellations_LosesNoImageAndMixesNone()
    {
        const int Requests = 1200;
        var faults = new Random(3);
        var bound = new BoundModel(Onnx, copiesAhead: true, run =>
        {
            if (faults.Next(20) == 0)
            {
                throw BoundModel.Fault("a node failed");
            }

            run();
        });
        using var shared = BoundModel.Shared(Onnx);
        var expected = Images.Select(image => new Detector(shared, Options).Detect(image, Token).Detections).ToArray();
        using (var batcher = new DetectionBatcher(
            bound.Model, new BatchingPlan(3, 4, "a test"), new BatchingOptions(), TimeProvider.System, NullLogger.Instance))
        {
            using var cancelled = new CancellationTokenSource();
            var (right, failed, given) = (0, 0, 0);
            await Task.WhenAll(Enumerable.Range(0, Requests).Select(async number =>
            {
                try
                {
                    var token = number % 10 == 9 ? cancelled.Token : Token;
                    if (number == Requests / 2)
                    {
                        await cancelled.CancelAsync();
                    }

                    var image = number % Images.Length;
                    var outcome = await batcher.DetectAsync(Images[image], Options, token);
                    Assert.Equal(expected[image], outcome.Detections);
                    Interlocked.Increment(ref right);
                }
                catch (OnnxRuntimeException)
                {
                    Interlocked.Increment(ref failed);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref given);
                }
            }));

            Assert.Equal(Requests, right + failed + given);
            Assert.InRange(right, Requests / 2, Requests - 1);
            Assert.InRange(given, Requests / 20, Requests / 10);
            Assert.InRange(bound.Runs.Blocks.Count, 2, 2 * (3 + HostBlocks.FewIdle));
        }

        bound.Dispose();
        await Poll.UntilAsync(() => bound.Model.IsGone, "the model is gone", Token);
        Assert.Equal((0, 0L), bound.Runs.Blocks);
    }
}
