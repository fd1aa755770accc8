using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Nanodet.Detection.Inference;

/// <summary>
/// The one thread that runs a model on a GPU, in the order in which it was asked. ONNX Runtime keeps a captured graph for the thread that
/// captured it.
/// </summary>
internal sealed class DeviceThread : IDisposable
{
    private readonly BlockingCollection<Work> _work = [];
    private readonly Thread _thread;

    internal DeviceThread()
    {
        _thread = new Thread(RunAll) { IsBackground = true, Name = "nanodet device" };
        _thread.Start();
    }

    /// <summary>Work that waits for its turn.</summary>
    internal int Waiting => _work.Count;

    /// <summary>Has something done, and waits for it; its exception comes out as it is.</summary>
    /// <exception cref="ObjectDisposedException">The thread has ended.</exception>
    internal void Invoke(Action action)
    {
        if (Thread.CurrentThread == _thread)
        {
            action();
            return;
        }

        using var work = new Work(action);
        try
        {
            _work.Add(work);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(DeviceThread));
        }

        work.Wait();
    }

    /// <summary>Ends the thread after the work that waits.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void RunAll()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work.Run();
        }
    }

    private sealed class Work(Action action) : IDisposable
    {
        private readonly ManualResetEventSlim _done = new();
        private ExceptionDispatchInfo? _failure;

        internal void Run()
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                _failure = ExceptionDispatchInfo.Capture(exception);
            }

            _done.Set();
        }

        internal void Wait()
        {
            _done.Wait();
            _failure?.Throw();
        }

        public void Dispose() => _done.Dispose();
    }
}
