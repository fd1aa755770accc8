using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Detection.Batching;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Batching;

public sealed class DynamicBatcherTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Submit_FullBatch_RunsWithoutWaiting()
    {
        var sizes = new ConcurrentQueue<int>();
        using var batcher = Create(new BatchingLimits(1, 4, Delay, 100), items => sizes.Enqueue(items.Count));

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => batcher.SubmitAsync(0, i, Token)));

        Assert.Equal([0, 2, 4, 6], answers);
        Assert.Equal([4], sizes);
    }

    [Fact]
    public async Task Submit_SharedOut_GivesEveryFreeLaneItsPart()
    {
        var time = new FakeTimeProvider();
        var sizes = new ConcurrentQueue<int>();
        using var go = new ManualResetEventSlim();
        using var batcher = Create(
            new BatchingLimits(4, 64, Delay, 100, IsSharedOut: true),
            items =>
            {
                sizes.Enqueue(items.Count);
                go.Wait(Token);
            },
            time);
        Assert.True(SpinWait.SpinUntil(() => batcher.FreeLanes == 4, TimeSpan.FromSeconds(30)));

        // Fewer than fill a run: they wait for the clock, so all are there when the first lane takes its part.
        var answers = Task.WhenAll(Enumerable.Range(0, 60).Select(i => batcher.SubmitAsync(0, i, Token)));
        await AdvanceUntilAsync(time, () => sizes.Count == 4);
        go.Set();

        Assert.Equal(Enumerable.Range(0, 60).Select(i => 2 * i), await answers);
        Assert.Equal([15, 15, 15, 15], sizes);
    }

    [Fact]
    public async Task Submit_SharedOutFullRun_LeavesNobodyToTheClock()
    {
        // The clock stands: a part that waited for others would wait for good.
        var sizes = new ConcurrentQueue<int>();
        using var batcher = Create(
            new BatchingLimits(4, 8, Delay, 100, IsSharedOut: true), items => sizes.Enqueue(items.Count), new FakeTimeProvider());
        Assert.True(SpinWait.SpinUntil(() => batcher.FreeLanes == 4, TimeSpan.FromSeconds(30)));

        var answers = Task.WhenAll(Enumerable.Range(0, 8).Select(i => batcher.SubmitAsync(0, i, Token)));

        Assert.Equal(Enumerable.Range(0, 8).Select(i => 2 * i), await answers.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal(8, sizes.Sum());
        Assert.True(sizes.Count > 1);
    }

    [Fact]
    public async Task Submit_PartOfABatch_RunsWhenItsDelayIsOver()
    {
        var time = new FakeTimeProvider();
        var sizes = new ConcurrentQueue<int>();
        using var batcher = Create(new BatchingLimits(2, 4, Delay, 100), items => sizes.Enqueue(items.Count), time);
        var first = batcher.SubmitAsync(0, 1, Token);
        time.Advance(Delay - TimeSpan.FromMilliseconds(1));
        var second = batcher.SubmitAsync(0, 2, Token);
        Assert.Empty(sizes);
        Assert.False(first.IsCompleted);

        // The lane may set its timer only after this: then the next step of the clock finds it.
        await AdvanceUntilAsync(time, () => first.IsCompleted && second.IsCompleted);

        Assert.Equal((2, 4), (await first, await second));
        Assert.Equal([2], sizes);
    }

    [Fact]
    public async Task Submit_KeyThatCannotRunYet_WaitsWithoutALaneUntilItIsWoken()
    {
        var isReady = false;
        using var batcher = new DynamicBatcher<int, int, int>(
            new BatchingLimits(1, 4, TimeSpan.Zero, 100),
            (_, items, _) => [.. items],
            _ => RunFault.OfOne,
            TimeProvider.System,
            canRun: key => key == 0 || Volatile.Read(ref isReady));

        var waiting = batcher.SubmitAsync(1, 5, Token);
        var answers = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => batcher.SubmitAsync(0, i, Token)));
        Assert.Equal([1, 2, 3], answers);
        Assert.False(waiting.IsCompleted);

        Volatile.Write(ref isReady, true);
        batcher.Wake();
        Assert.Equal(5, await waiting);
    }

    [Fact]
    public async Task Submit_KeyThatCannotRunYetAndIsTakenBack_IsCancelled()
    {
        using var batcher = new DynamicBatcher<int, int, int>(
            new BatchingLimits(1, 4, TimeSpan.Zero, 100), (_, items, _) => [.. items], _ => RunFault.OfOne, TimeProvider.System, canRun: _ => false);
        using var stop = new CancellationTokenSource();
        var waiting = batcher.SubmitAsync(1, 5, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Submit_DifferentKeys_ShareNoBatch()
    {
        var batches = new ConcurrentQueue<(int Key, int[] Items)>();
        using var batcher = new DynamicBatcher<int, int, int>(
            new BatchingLimits(1, 2, Delay, 100),
            (key, items, _) =>
            {
                batches.Enqueue((key, [.. items]));
                return [.. items];
            },
            _ => RunFault.OfOne,
            new FakeTimeProvider());

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => batcher.SubmitAsync(i % 2, i, Token)));

        Assert.Equal(4, batches.Count);
        Assert.All(batches, batch => Assert.All(batch.Items, item => Assert.Equal(batch.Key, item % 2)));
    }

    [Fact]
    public async Task Submit_MoreThanTheCapacity_WaitsOutside()
    {
        using var release = new SemaphoreSlim(0);
        var started = new ConcurrentQueue<int>();
        using var batcher = Create(new BatchingLimits(1, 1, TimeSpan.Zero, 2), items =>
        {
            started.Enqueue(items[0]);
            release.Wait(Token);
        });
        var running = batcher.SubmitAsync(0, 0, Token);
        await Poll.UntilAsync(() => started.Count == 1, "the first one runs", Token);
        var queued = batcher.SubmitAsync(0, 1, Token);
        using var stop = new CancellationTokenSource();
        var outside = batcher.SubmitAsync(0, 2, stop.Token);
        Assert.Equal(3, batcher.Requests);

        // One that waits outside may give up, and has taken nobody's place.
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outside);
        release.Release(2);
        Assert.Equal((0, 2), (await running, await queued));
        Assert.Equal([0, 1], started);
    }

    [Fact]
    public async Task Submit_OneItemFails_DisturbsNoOther()
    {
        var sizes = new ConcurrentQueue<int>();
        using var batcher = Create(new BatchingLimits(1, 4, Delay, 100), items =>
        {
            sizes.Enqueue(items.Count);
            if (items.Contains(2))
            {
                throw new InvalidDataException("two");
            }
        });

        var asked = Enumerable.Range(0, 4).Select(i => batcher.SubmitAsync(0, i, Token)).ToArray();

        var exception = await Assert.ThrowsAsync<InvalidDataException>(() => asked[2]);
        Assert.Equal("two", exception.Message);
        Assert.Equal((0, 2, 6), (await asked[0], await asked[1], await asked[3]));
        Assert.Equal([4, 1, 1, 1, 1], sizes);
    }

    [Theory]
    [InlineData(nameof(RunFault.OfAll), new[] { 4 })]
    [InlineData(nameof(RunFault.OfSize), new[] { 4, 2, 1, 1, 2, 1, 1 })]
    public async Task Submit_BatchFails_IsTriedAsItsFaultSays(string fault, int[] expected)
    {
        var sizes = new ConcurrentQueue<int>();
        using var batcher = Create(
            new BatchingLimits(1, 4, Delay, 100),
            items =>
            {
                sizes.Enqueue(items.Count);
                throw new InvalidDataException();
            },
            fault: Enum.Parse<RunFault>(fault));

        var asked = Enumerable.Range(0, 4).Select(i => batcher.SubmitAsync(0, i, Token)).ToArray();

        foreach (var task in asked)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => task);
        }

        Assert.Equal(expected, sizes);
    }

    [Fact]
    public async Task Submit_WrongNumberOfResults_FailsAll()
    {
        using var batcher = new DynamicBatcher<int, int, int>(
            new BatchingLimits(1, 2, Delay, 10), (_, _, _) => [], _ => RunFault.OfAll, TimeProvider.System);

        await Assert.ThrowsAsync<InvalidOperationException>(() => batcher.SubmitAsync(0, 1, Token));
    }

    [Fact]
    public async Task Cancel_EveryRequestOfARun_StopsTheRun()
    {
        using var stop = new CancellationTokenSource();
        var isStopped = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        using var batcher = new DynamicBatcher<int, int, int>(
            new BatchingLimits(1, 2, Delay, 10),
            (_, _, token) =>
            {
                started.SetResult();
                token.WaitHandle.WaitOne();
                isStopped.SetResult();
                throw new OperationCanceledException(token);
            },
            _ => RunFault.OfOne,
            new FakeTimeProvider());
        var asked = new[] { batcher.SubmitAsync(0, 1, stop.Token), batcher.SubmitAsync(0, 2, stop.Token) };
        await started.Task;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked[1]);
        await isStopped.Task;
    }

    [Fact]
    public async Task Drain_PartOfABatch_RunsAtOnce()
    {
        using var batcher = Create(new BatchingLimits(1, 4, Delay, 100), _ => { }, new FakeTimeProvider());
        var asked = batcher.SubmitAsync(0, 21, Token);

        await batcher.DrainAsync(Token);

        Assert.Equal(42, await asked);
        Assert.Equal(0, batcher.Requests);
        await batcher.DrainAsync(Token);
    }

    [Fact]
    public async Task Dispose_AnswersWhatIsThere_AndRefusesWhatComes()
    {
        var batcher = Create(new BatchingLimits(2, 4, Delay, 100), _ => { }, new FakeTimeProvider());
        var asked = batcher.SubmitAsync(0, 21, Token);

        batcher.Dispose();

        Assert.Equal(42, await asked);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.SubmitAsync(0, 1, Token));
        await batcher.Completion;
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 8)]
    [InlineData(3, 4, 16)]
    public async Task Submit_TenThousandWithFailuresAndCancellations_EachGetsItsOwnAnswer(int seed, int lanes, int maxRunSize)
    {
        const int count = 10_000;
        const int capacity = 500;
        var plan = new Random(seed);
        var fates = Enumerable.Range(0, count).Select(_ => plan.Next(10)).ToArray();
        var whims = Enumerable.Range(0, count).Select(_ => plan.Next(4)).ToArray();
        var attempts = new int[count];
        var held = 0;
        var mostHeld = 0;
        using var batcher = new DynamicBatcher<int, int, int>(
            new BatchingLimits(lanes, maxRunSize, TimeSpan.FromMilliseconds(1), capacity),
            (key, items, token) =>
            {
                lock (attempts)
                {
                    held += items.Count;
                    mostHeld = Math.Max(mostHeld, held);
                }

                try
                {
                    token.ThrowIfCancellationRequested();
                    foreach (var item in items)
                    {
                        Assert.Equal(key, item % 3);

                        // Fate 0 fails always, fate 1 in company only, fate 2 fails its first time.
                        var attempt = Interlocked.Increment(ref attempts[item]);
                        if (fates[item] == 0 || (fates[item] == 1 && items.Count > 1) || (fates[item] == 2 && attempt == 1 && items.Count > 1))
                        {
                            throw new InvalidDataException($"{item}");
                        }
                    }

                    return [.. items.Select(item => item * 2)];
                }
                finally
                {
                    lock (attempts)
                    {
                        held -= items.Count;
                    }
                }
            },
            _ => RunFault.OfOne,
            TimeProvider.System);

        var answered = await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => AskAsync(i), Token)));

        for (var i = 0; i < count; i++)
        {
            if (answered[i] is { } answer)
            {
                Assert.Equal(fates[i] == 0 ? -i : 2 * i, answer);
            }
            else
            {
                Assert.Equal(0, whims[i]);
            }
        }

        Assert.Equal(0, batcher.Requests);
        Assert.InRange(mostHeld, 1, lanes * maxRunSize);
        batcher.Dispose();
        await batcher.Completion;

        // Null for cancelled, minus the item for its failure.
        async Task<int?> AskAsync(int item)
        {
            using var stop = new CancellationTokenSource();
            var asked = batcher.SubmitAsync(item % 3, item, whims[item] == 0 ? stop.Token : Token);
            if (whims[item] == 0)
            {
                await Task.Yield();
                await stop.CancelAsync();
            }

            try
            {
                return await asked;
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            catch (InvalidDataException exception)
            {
                Assert.Equal($"{item}", exception.Message);
                return -item;
            }
        }
    }

    private static DynamicBatcher<int, int, int> Create(
        BatchingLimits limits,
        Action<IReadOnlyList<int>> work,
        TimeProvider? time = null,
        RunFault fault = RunFault.OfOne) => new(
            limits,
            (_, items, _) =>
            {
                work(items);
                return [.. items.Select(item => 2 * item)];
            },
            _ => fault,
            time ?? new FakeTimeProvider());

    private static Task AdvanceUntilAsync(FakeTimeProvider time, Func<bool> condition) => Poll.UntilAsync(
        () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            return condition();
        },
        "the batch has run",
        Token);
}
