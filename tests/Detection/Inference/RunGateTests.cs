using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class RunGateTests
{
    [Fact]
    public void Enter_ManyThreads_OneIsInAtATime()
    {
        var gate = new RunGate();
        var (inside, most, total) = (0, 0, 0);
        var threads = Enumerable.Range(0, 16).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                gate.Enter();
                most = Math.Max(most, Interlocked.Increment(ref inside));
                total++;
                Interlocked.Decrement(ref inside);
                gate.Exit();
            }
        })).ToArray();

        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal((1, 8000, 0), (most, total, gate.Waiting));
    }

    [Fact]
    public async Task Exit_SeveralWait_TheFirstThatCameIsNext()
    {
        var gate = new RunGate();
        var order = new List<int>();
        var threads = new List<Thread>();
        gate.Enter();
        for (var i = 0; i < 12; i++)
        {
            var number = i;
            var thread = new Thread(() =>
            {
                gate.Enter();
                order.Add(number);
                gate.Exit();
            });
            threads.Add(thread);
            thread.Start();
            await Poll.UntilAsync(() => gate.Waiting == number + 1, $"{number} waits", TestContext.Current.CancellationToken);
        }

        gate.Exit();
        threads.ForEach(thread => thread.Join());

        Assert.Equal(Enumerable.Range(0, 12), order);
    }
}
