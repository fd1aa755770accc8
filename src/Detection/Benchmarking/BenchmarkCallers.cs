using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Nanodet.Detection.Benchmarking;

/// <summary>
/// Threads that live as long as a measurement does, as a worker's do: what a thread keeps for itself is there again in the next round.
/// </summary>
internal sealed class BenchmarkCallers : IDisposable
{
    private readonly BlockingCollection<Action<int>>[] _work;
    private readonly Thread[] _threads;

    internal BenchmarkCallers(int count)
    {
        _work = [.. Enumerable.Range(0, count).Select(_ => new BlockingCollection<Action<int>>())];
        _threads = [.. _work.Select((work, caller) => new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
            {
                action(caller);
            }
        })
        { IsBackground = true, Name = $"caller {caller}" })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>
    /// Lets every caller do something, each with its number, and waits for all of them; the first exception comes out as it is.
    /// </summary>
    internal void Run(Action<int> action)
    {
        using var running = new CountdownEvent(_work.Length);
        ExceptionDispatchInfo? failure = null;
        foreach (var work in _work)
        {
            work.Add(caller =>
            {
                try
                {
                    action(caller);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
                }
                finally
                {
                    running.Signal();
                }
            });
        }

        running.Wait();
        failure?.Throw();
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        foreach (var work in _work)
        {
            work.CompleteAdding();
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        foreach (var work in _work)
        {
            work.Dispose();
        }
    }
}
