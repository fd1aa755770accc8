using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class DeviceThreadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Invoke_ManyCallers_RunsOnOneThreadAndReturnsAfterIt()
    {
        using var thread = new DeviceThread();
        var threads = new HashSet<int>();
        var done = 0;

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, _ =>
        {
            var mine = 0;
            thread.Invoke(() =>
            {
                threads.Add(Environment.CurrentManagedThreadId);
                mine = ++done;
            });
            Assert.NotEqual(0, mine);
        });

        Assert.Equal(200, done);
        Assert.Single(threads);
    }

    [Fact]
    public void Invoke_Failure_ComesOutAsItIsAndStopsNobody()
    {
        using var thread = new DeviceThread();

        Assert.Throws<IOException>(() => thread.Invoke(() => throw new IOException()));
        thread.Invoke(() => thread.Invoke(() => { }));
    }

    [Fact]
    public void Invoke_AfterTheEnd_Throws()
    {
        var thread = new DeviceThread();
        thread.Dispose();

        Assert.Throws<ObjectDisposedException>(() => thread.Invoke(() => { }));
    }
}
