using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class CaptureGateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryCapture_SomebodyAllocates_IsNotDoneAndHoldsNobodyUp()
    {
        using var begun = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        var allocation = Task.Run(
            () => CaptureGate.Outside(() =>
            {
                begun.Set();
                return end.Wait(TimeSpan.FromSeconds(30), Token);
            }),
            Token);
        Assert.True(begun.Wait(TimeSpan.FromSeconds(30), Token));

        // Other tests may be at work, too: not at all is what it must be here.
        Assert.False(CaptureGate.TryCapture(() => Assert.Fail("captured beside an allocation")));
        Assert.True(CaptureGate.Outside(() => true));

        end.Set();
        Assert.True(await allocation);
        Assert.True(SpinWait.SpinUntil(() => CaptureGate.TryCapture(() => { }), TimeSpan.FromSeconds(30)));
    }
}
