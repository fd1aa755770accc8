using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

public sealed class WorkerSlotsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_Alone_WaitsForTheOthersAndKeepsThemOut()
    {
        using var slots = new WorkerSlots(3, TimeProvider.System);
        var first = await slots.TakeAsync(isAlone: false, TimeSpan.Zero, Token);
        var second = await slots.TakeAsync(isAlone: false, TimeSpan.Zero, Token);
        Assert.Null(await slots.TakeAsync(isAlone: true, TimeSpan.Zero, Token));

        // What it could not have in full it has given back.
        using (var third = await slots.TakeAsync(isAlone: false, TimeSpan.Zero, Token))
        {
            Assert.NotNull(third);
        }

        var waiting = slots.TakeAsync(isAlone: true, Long, Token);
        first!.Dispose();
        Assert.False(waiting.IsCompleted);
        second!.Dispose();
        using (var alone = await waiting)
        {
            Assert.NotNull(alone);
            Assert.Null(await slots.TakeAsync(isAlone: false, TimeSpan.Zero, Token));
            Assert.Null(await slots.TakeAsync(isAlone: true, TimeSpan.Zero, Token));
        }

        Assert.NotNull(await slots.TakeAsync(isAlone: true, TimeSpan.Zero, Token));
    }

    [Fact]
    public async Task Take_SeveralAloneAtOnce_ComeOneAfterTheOther()
    {
        using var slots = new WorkerSlots(4, TimeProvider.System);
        var inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            var isAlone = i % 2 == 0;
            using var taken = await slots.TakeAsync(isAlone, Long, Token);
            Assert.NotNull(taken);
            var now = Interlocked.Add(ref inside, isAlone ? 4 : 1);
            Assert.InRange(now, 1, 4);
            await Task.Yield();
            Interlocked.Add(ref inside, isAlone ? -4 : -1);
        }));
    }

    [Fact]
    public async Task Enter_SameBatch_OneAtATimeAndOthersAtOnce()
    {
        var gate = new BatchGate();
        var first = await gate.EnterAsync("a", TimeSpan.Zero, Token);
        Assert.NotNull(first);
        Assert.Null(await gate.EnterAsync("a", TimeSpan.Zero, Token));
        using (var other = await gate.EnterAsync("b", TimeSpan.Zero, Token))
        {
            Assert.NotNull(other);
        }

        var waiting = gate.EnterAsync("a", Long, Token);
        Assert.False(waiting.IsCompleted);
        first.Dispose();
        using (var second = await waiting)
        {
            Assert.NotNull(second);
        }

        using var third = await gate.EnterAsync("a", TimeSpan.Zero, Token);
        Assert.NotNull(third);
    }
}
