namespace Nanodet.Detection.Inference;

/// <summary>
/// While a CUDA graph is captured, nothing in the process may allocate or free memory of CUDA: either would break the capture, and may
/// itself fail. So such calls go through here, and a capture waits until none is under way.
/// </summary>
internal static class CaptureGate
{
    private static readonly ReaderWriterLockSlim Gate = new(LockRecursionPolicy.SupportsRecursion);

    /// <summary>Calls something that may allocate or free memory of CUDA.</summary>
    internal static T Outside<T>(Func<T> call)
    {
        Gate.EnterReadLock();
        try
        {
            return call();
        }
        finally
        {
            Gate.ExitReadLock();
        }
    }

    /// <summary>Captures, unless somebody is at work: whoever waited would hold up all that come later.</summary>
    /// <returns>False when nothing was done.</returns>
    internal static bool TryCapture(Action capture)
    {
        if (!Gate.TryEnterWriteLock(0))
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
