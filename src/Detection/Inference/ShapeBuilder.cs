using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Nanodet.Detection.Inference;

/// <summary>
/// The threads that make sessions in the background. They are threads of their own: making one takes seconds of a processor, and must not
/// keep the thread pool from serving everything else.
/// </summary>
internal sealed class ShapeBuilder : IDisposable
{
    private readonly BlockingCollection<Action> _first = [];
    private readonly BlockingCollection<Action> _later = [];
    private readonly BlockingCollection<Action>[] _both;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Thread> _threads = [];

    /// <summary>Starts the threads.</summary>
    internal ShapeBuilder(int threads)
    {
        _both = [_first, _later];
        for (var thread = 0; thread < threads; thread++)
        {
            _threads.Add(new Thread(RunAll) { IsBackground = true, Name = $"nanodet shapes {thread}" });
        }

        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Cancelled when everything is being let go.</summary>
    internal CancellationToken Stopping => _stop.Token;

    /// <summary>Has something done; it must not throw.</summary>
    /// <param name="action">What.</param>
    /// <param name="isUrgent">Whether somebody waits for it.</param>
    internal void Add(Action action, bool isUrgent)
    {
        try
        {
            (isUrgent ? _first : _later).Add(action);
        }
        catch (InvalidOperationException)
        {
            // Everything is being let go.
        }
    }

    /// <summary>Ends the threads after what they are at.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _first.CompleteAdding();
        _later.CompleteAdding();
        _threads.ForEach(thread => thread.Join());
        _first.Dispose();
        _later.Dispose();
        _stop.Dispose();
    }

    private void RunAll()
    {
        while (TryTake(out var action))
        {
            action();
        }
    }

    private bool TryTake([NotNullWhen(true)] out Action? action)
    {
        action = null;
        try
        {
            return BlockingCollection<Action>.TakeFromAny(_both, out action, _stop.Token) >= 0;
        }
        catch (Exception exception) when (exception is OperationCanceledException or ArgumentException)
        {
            // It ends: the token, or both collections are complete.
            return false;
        }
    }
}
