using System.Runtime.CompilerServices;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

public sealed class DetectionStreamTests : IDisposable
{
    private const int RunSize = 4;

    /// <summary>What the source may be asked for before an outcome is taken: a run, as many again, and the one it waits with.</summary>
    private const int ReadAhead = (2 * RunSize) + 1;

    private readonly Detector _detector = Detector.Load(
        new OnnxTestModel { KeepRatio = true, Width = 96, Height = 96 }.Build(),
        new DetectorOptions { MaxRunSize = RunSize },
        new ModelOptions { Provider = ExecutionProvider.Cpu });

    private int _asked;
    private bool _isDisposed;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _detector.Dispose();

    [Fact]
    public async Task Detect_ManyImages_KeepTheirOrderAndBadOnesDisturbNoOther()
    {
        var images = Enumerable.Range(0, 50)
            .Select(i => i % 7 == 3 ? "no image"u8.ToArray() : TestImages.Encoded(".bmp", 40 + i, 90 - i))
            .ToArray();

        var outcomes = await CollectAsync(_detector.DetectAsync(SourceAsync(images, Token), Token));

        Assert.Equal(images.Length, outcomes.Count);
        for (var i = 0; i < images.Length; i++)
        {
            Assert.Equal(i % 7 == 3 ? ImageErrorCodes.NotAnImage : null, outcomes[i].Error?.Code);
            Assert.Equal(_detector.Detect(images[i], Token).Detections, outcomes[i].Detections);
        }

        Assert.Contains(outcomes, outcome => outcome.Detections?.Count > 0);
        Assert.True(_isDisposed);
    }

    [Fact]
    public async Task Detect_NoImages_GivesNoOutcomes() =>
        Assert.Empty(await CollectAsync(_detector.DetectAsync(SourceAsync([], Token), Token)));

    [Fact]
    public async Task Detect_OutcomesThatNobodyTakes_StopTheReading()
    {
        await using var outcomes = _detector.DetectAsync(EndlessAsync(Token), Token).GetAsyncEnumerator(Token);
        for (var taken = 1; taken <= 20; taken++)
        {
            Assert.True(await outcomes.MoveNextAsync());

            // It is asked for as many as it may be, whenever it comes to that, and never for more.
            await Poll.UntilAsync(() => Volatile.Read(ref _asked) >= taken + RunSize, "read ahead", Token);
            Assert.InRange(Volatile.Read(ref _asked), taken, taken + ReadAhead);
        }

        Assert.False(_isDisposed);
        await outcomes.DisposeAsync();
        Assert.True(_isDisposed);
        Assert.InRange(_asked, 20, 20 + ReadAhead);
    }

    [Fact]
    public async Task Detect_SourceThatIsSlow_GivesEachOutcomeWithoutWaitingForTheNextImage()
    {
        var image = TestImages.Encoded(".png");
        var next = new SemaphoreSlim(0);
        await using var outcomes = _detector.DetectAsync(OneByOneAsync(Token), Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < 3; i++)
        {
            next.Release();
            Assert.True(await outcomes.MoveNextAsync());
            Assert.Equal(1, outcomes.Current.RunSize);
        }

        async IAsyncEnumerable<ReadOnlyMemory<byte>> OneByOneAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (true)
            {
                await next.WaitAsync(cancellationToken);
                yield return image;
            }
        }
    }

    [Fact]
    public async Task Detect_SourceThatThrows_GivesTheOutcomesBeforeAndThenWhatItThrew()
    {
        var images = Enumerable.Repeat(TestImages.Encoded(".png"), 6).ToArray();
        var outcomes = new List<DetectionOutcome>();

        var exception = await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var outcome in _detector.DetectAsync(ThrowingAsync(), Token))
            {
                outcomes.Add(outcome);
            }
        });

        Assert.Equal("the camera is gone", exception.Message);
        Assert.Equal(6, outcomes.Count);
        Assert.All(outcomes, outcome => Assert.True(outcome.Succeeded));

        async IAsyncEnumerable<ReadOnlyMemory<byte>> ThrowingAsync()
        {
            await foreach (var image in SourceAsync(images, Token))
            {
                yield return image;
            }

            throw new InvalidDataException("the camera is gone");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Detect_Cancelled_EndsAndDisposesTheSource(bool byEnumerator)
    {
        using var cancel = new CancellationTokenSource();
        var outcomes = byEnumerator
            ? _detector.DetectAsync(EndlessAsync(Token), Token)
            : _detector.DetectAsync(EndlessAsync(Token), cancel.Token);
        var taken = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var outcome in outcomes.WithCancellation(byEnumerator ? cancel.Token : CancellationToken.None))
            {
                if (++taken == 5)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        // What was detected before may still come out, and no more.
        Assert.InRange(taken, 5, 5 + RunSize);
        Assert.True(_isDisposed);
    }

    [Fact]
    public async Task Detect_ModelThatIsGone_ThrowsAndDisposesTheSource()
    {
        _detector.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => CollectAsync(_detector.DetectAsync(EndlessAsync(Token), Token)));

        Assert.True(_isDisposed);
        Assert.Throws<ArgumentNullException>(() => { _ = _detector.DetectAsync(null!, Token); });
    }

    private static async Task<List<DetectionOutcome>> CollectAsync(IAsyncEnumerable<DetectionOutcome> outcomes)
    {
        var all = new List<DetectionOutcome>();
        await foreach (var outcome in outcomes)
        {
            all.Add(outcome);
        }

        return all;
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> SourceAsync(
        IEnumerable<byte[]> images, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            foreach (var image in images)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Interlocked.Increment(ref _asked);
                await Task.Yield();
                yield return image;
            }
        }
        finally
        {
            _isDisposed = true;
        }
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> EndlessAsync(CancellationToken cancellationToken)
    {
        return SourceAsync(Endless(TestImages.Encoded(".png")), cancellationToken);

        static IEnumerable<byte[]> Endless(byte[] image)
        {
            while (true)
            {
                yield return image;
            }
        }
    }
}
