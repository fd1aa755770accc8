namespace Nanodet.Detection.Inference;

/// <summary>
/// While a CUDA graph is captured, no other thread of the process may call CUDA: such a call fails with error 900, "operation not permitted
/// when stream is capturing", and may break the capture. So every call goes through here. A capture waits for short ones, and is not done
/// while a session is being made, which takes seconds.
/// </summary>
internal static class CaptureGate
{
    /// <summary>Short calls take less; whoever comes meanwhile waits as long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private static readonly ReaderWriterLockSlim Gate = new(LockRecursionPolicy.SupportsRecursion);
    private static int _long;

    /// <summary>Makes a call that takes milliseconds at the most: a copy, a run, memory.</summary>
    internal static void Call(Action call)
    {
        Gate.EnterReadLock();
        try
        {
            call();
        }
        finally
        {
            Gate.ExitReadLock();
        }
    }

    /// <summary>Makes a call that may take seconds.</summary>
    internal static T CallLong<T>(Func<T> call)
    {
        Interlocked.Increment(ref _long);
        Gate.EnterReadLock();
        try
        {
            return call();
        }
        finally
        {
            Gate.ExitReadLock();
            Interlocked.Decrement(ref _long);
        }
    }

    /// <summary>Captures, while nobody else calls.</summary>
    /// <returns>False when nothing was done: a long call is under way.</returns>
    internal static bool TryCapture(Action capture)
    {
        if (Volatile.Read(ref _long) > 0 || !Gate.TryEnterWriteLock(Patience))
        {
            return false;
        }

        try
        {
            capture();
            return true;
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }
}
