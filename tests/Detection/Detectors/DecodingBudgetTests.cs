using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

public sealed class DecodingBudgetTests
{
    private const long Limit = 100;

    private readonly DecodingBudget _budget = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_MoreThanIsLeft_WaitsForAShareThatComesBack()
    {
        var first = _budget.Take(60, Limit, Token);
        var second = _budget.Take(40, Limit, Token);
        var third = Task.Run(() => _budget.Take(1, Limit, Token), Token);
        await UntilAsync(() => _budget.Waiting == 1);

        Assert.Equal(100, _budget.Used);
        Assert.False(third.IsCompleted);

        second.Dispose();
        second.Dispose();
        using var taken = await third;
        Assert.Equal(61, _budget.Used);
        first.Dispose();
        Assert.Equal(1, _budget.Used);
    }

    [Fact]
    public async Task Take_MoreThanThereIs_HasAllOfItAlone()
    {
        var small = _budget.Take(1, Limit, Token);
        var large = Task.Run(() => _budget.Take(1000, Limit, Token), Token);
        await UntilAsync(() => _budget.Waiting == 1);

        // Whoever comes later does not get ahead of it, although there is room.
        var later = Task.Run(() => _budget.Take(1, Limit, Token), Token);
        await UntilAsync(() => _budget.Waiting == 2);

        small.Dispose();
        using (await large)
        {
            Assert.Equal(1000, _budget.Used);
            Assert.False(later.IsCompleted);
        }

        (await later).Dispose();
        Assert.Equal((0, 0), (_budget.Used, _budget.Waiting));
    }

    [Fact]
    public async Task Take_Cancelled_LeavesTheLine()
    {
        using var cancellation = new CancellationTokenSource();
        var all = _budget.Take(Limit, Limit, Token);
        var waiting = Task.Run(() => _budget.Take(50, Limit, cancellation.Token), Token);
        await UntilAsync(() => _budget.Waiting == 1);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal((Limit, 0), (_budget.Used, _budget.Waiting));
        all.Dispose();
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public void Detect_ManyThreadsWithLittleMemory_GivesEveryOutcomeAndAllOfItBack()
    {
        using var detector = Detector.Load(
            new OnnxTestModel { Strides = [8] }.Build(),
            new DetectorOptions { Limits = new ImageLimits { MaxDecodingBytes = 1 << 20 } },
            new ModelOptions { Provider = ExecutionProvider.Cpu });

        // Each takes more than half of it: they are decoded one after the other, in every thread.
        var image = TestImages.Encoded(".png", 300, 320);
        byte[] bad = image[..^20];
        Parallel.For(0, 64, i =>
        {
            ReadOnlyMemory<byte>[] images = [image, bad, image, image];
            var outcomes = i % 2 == 0 ? detector.Detect(images, Token) : [detector.Detect(image, Token), detector.Detect(bad, Token)];
            Assert.Equal(1, outcomes.Count(outcome => !outcome.Succeeded));
        });
    }

    private static Task UntilAsync(Func<bool> condition) => Poll.UntilAsync(condition, "callers wait", Token);
}
