using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class CaptureGateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryCapture_SessionIsBeingMade_IsNotDoneAndHoldsNobodyUp()
    {
        using var begun = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        var making = Task.Run(
            () => CaptureGate.CallLong(() =>
            {
                begun.Set();
                return end.Wait(TimeSpan.FromSeconds(30), Token);
            }),
            Token);
        Assert.True(begun.Wait(TimeSpan.FromSeconds(30), Token));

        Assert.False(CaptureGate.TryCapture(() => Assert.Fail("captured beside a session that is being made")));
        var called = false;
        CaptureGate.Call(() => called = true);
        Assert.True(called);

        end.Set();
        Assert.True(await making);

        // Other tests make sessions, too.
        Assert.True(SpinWait.SpinUntil(() => CaptureGate.TryCapture(() => { }), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task TryCapture_ManyShortCalls_IsAloneWhileItCaptures()
    {
        var isCapturing = false;
        var broken = 0;
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    CaptureGate.Call(() => broken += Volatile.Read(ref isCapturing) ? 1 : 0);
                }
            },
            Token)).ToArray();

        for (var capture = 0; capture < 20; capture++)
        {
            Assert.True(SpinWait.SpinUntil(
                () => CaptureGate.TryCapture(() =>
                {
                    Volatile.Write(ref isCapturing, true);
                    Thread.SpinWait(10_000);
                    Volatile.Write(ref isCapturing, false);
                }),
                TimeSpan.FromSeconds(30)));
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
        Assert.Equal(0, broken);
    }
}
