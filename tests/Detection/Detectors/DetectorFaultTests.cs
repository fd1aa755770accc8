using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Detection.Tests.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

/// <summary>What a detector without a server around it makes of a machine that is short of memory, and of a GPU that is lost.</summary>
public sealed class DetectorFaultTests
{
    private const string NoMemory = "BFCArena: Failed to allocate memory for requested buffer of size 1";
    private const string Lost = "CUDA failure 700: an illegal memory access was encountered";

    private static readonly byte[] Onnx = new OnnxTestModel { Strides = [8] }.Build();
    private static readonly DetectorOptions Eight = new() { MaxRunSize = 8, DecodeThreads = 1 };

    private readonly List<int> _sizes = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Image => TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0));

    [Fact]
    public void Detect_OutOfMemory_IsTriedInHalvesAndLaterRunsStayAsSmall()
    {
        using var model = Load(count => count > 2 ? BoundModel.Fault(NoMemory) : null);
        var detector = new Detector(model, Eight);
        var images = Enumerable.Repeat((ReadOnlyMemory<byte>)Image, 20).ToArray();

        var outcomes = detector.Detect(images, Token);

        Assert.All(outcomes, outcome => Assert.Single(outcome.Detections!));
        Assert.Equal([8, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], _sizes);
        Assert.Equal(2, detector.MaxRunSize);

        _sizes.Clear();
        Assert.All(detector.Detect(images[..6], Token), outcome => Assert.Equal(2, outcome.RunSize));
        Assert.Equal([2, 2, 2], _sizes);
    }

    [Fact]
    public void Detect_OutOfMemoryInALaterRun_LeavesWhatWasDetected()
    {
        var runs = 0;
        using var model = Load(_ => ++runs == 2 ? new InsufficientMemoryException("tensors") : null);

        var outcomes = new Detector(model, Eight).Detect([.. Enumerable.Repeat((ReadOnlyMemory<byte>)Image, 16)], Token);

        Assert.Equal([8, 8, 4, 4], _sizes);
        Assert.Equal([.. Enumerable.Repeat(8, 8), .. Enumerable.Repeat(4, 8)], outcomes.Select(outcome => outcome.RunSize));
    }

    [Fact]
    public void Detect_OutOfMemoryWithOneImage_IsThrown()
    {
        using var model = Load(_ => BoundModel.Fault(NoMemory));

        Assert.Throws<OnnxRuntimeException>(() => new Detector(model, Eight).Detect([Image, Image, Image], Token));
        Assert.Equal([3, 2, 1], _sizes);
        Assert.Throws<OnnxRuntimeException>(() => new Detector(model, Eight).Detect(Image, Token));
    }

    [Fact]
    public async Task DetectAsync_OutOfMemory_IsTriedInHalves()
    {
        using var model = Load(count => count > 1 ? BoundModel.Fault(NoMemory) : null);
        var outcomes = new List<DetectionOutcome>();
        await foreach (var outcome in new Detector(model, Eight).DetectAsync(SourceAsync(9), Token))
        {
            outcomes.Add(outcome);
        }

        Assert.Equal(9, outcomes.Count);
        Assert.All(outcomes, outcome => Assert.Equal(1, outcome.RunSize));
    }

    [Fact]
    public void Detect_AnotherFault_IsThrownAtOnce()
    {
        using var model = Load(_ => BoundModel.Fault("Non-zero status code returned"));
        using var detector = Owning(() => model);

        Assert.Throws<OnnxRuntimeException>(() => detector.Detect([Image, Image], Token));
        Assert.Equal([2], _sizes);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("file")]
    [InlineData("stream")]
    [InlineData("pixels")]
    public void Detect_SessionLost_IsMadeAgainOnce(string door)
    {
        var loads = 0;
        using var detector = Owning(() => ++loads == 1 ? Load(_ => BoundModel.Fault(Lost)) : Load(_ => null));
        var lost = detector.Model;

        Assert.All(DetectBy(detector, door), outcome => Assert.NotNull(outcome.Detections));
        Assert.All(DetectBy(detector, door), outcome => Assert.NotNull(outcome.Detections));

        Assert.Equal(2, loads);
        Assert.NotSame(lost, detector.Model);
        Assert.True(lost.IsGone);
    }

    [Fact]
    public void Detect_SessionLostForGood_IsThrownAfterOneTry()
    {
        var loads = 0;
        using var detector = Owning(() =>
        {
            loads++;
            return Load(_ => BoundModel.Fault(Lost));
        });

        Assert.Contains(Lost, Assert.Throws<OnnxRuntimeException>(() => detector.Detect([Image, Image], Token)).Message, StringComparison.Ordinal);
        Assert.Equal(2, loads);
    }

    [Fact]
    public void Detect_SessionLostAndTheFileChanged_SaysSo()
    {
        var loads = 0;
        using var detector = Owning(() => ++loads == 1
            ? Load(_ => BoundModel.Fault(Lost))
            : NanodetModel.Load(new OnnxTestModel { Strides = [8], Bias = -9 }.Build(), OnCpu));

        var exception = Assert.Throws<ModelLoadException>(() => detector.Detect(Image, Token));

        Assert.Equal(ModelErrorCodes.SessionLost, exception.Code);
        Assert.Contains("changed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_SessionLostOfACallersModel_IsThrown()
    {
        using var model = Load(_ => BoundModel.Fault(Lost));

        Assert.Throws<OnnxRuntimeException>(() => new Detector(model, Eight).Detect([Image], Token));
        Assert.Equal([1], _sizes);
    }

    [Fact]
    public void Detect_Disposed_DoesNotLoadAgain()
    {
        var loads = 0;
        var detector = Owning(() =>
        {
            loads++;
            return Load(_ => null);
        });
        detector.Dispose();

        Assert.Throws<ObjectDisposedException>(() => detector.Detect(Image, Token));
        Assert.Throws<ObjectDisposedException>(() => detector.Detect([Image], Token));
        Assert.Equal(1, loads);
    }

    private static ModelOptions OnCpu => new() { Provider = ExecutionProvider.Cpu, IntraOpThreads = 1 };

    private static Detector Owning(Func<NanodetModel> load) => new(load(), Eight, timeProvider: null, load);

    private static IReadOnlyList<DetectionOutcome> DetectBy(Detector detector, string door)
    {
        switch (door)
        {
            case "list":
                return detector.Detect([Image, Image], Token);
            case "file":
                return [detector.Detect(Image, Token)];
            case "stream":
                using (var stream = new MemoryStream(Image))
                {
                    return [detector.Detect(stream, Token)];
                }

            default:
                return [detector.DetectPixels(new byte[3 * 96 * 64], 96, 64, 3 * 96, Token)];
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> SourceAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return Image;
        }
    }

    private NanodetModel Load(Func<int, Exception?> find) => NanodetModel.Load(
        Onnx,
        OnCpu,
        () => null,
        (session, description) => new FaultyRuns(
            new SharedRuns(session, description),
            count =>
            {
                lock (_sizes)
                {
                    _sizes.Add(count);
                }

                return find(count);
            }));
}
