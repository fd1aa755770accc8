namespace Nanodet.Detection.Inference;

/// <summary>
/// Keeps the making of sessions apart from captures, in the whole process. Sessions of several models are made at the same time, each on a
/// thread of its own; when several of one model were, too, a process on an H100 stopped for good while some captured and others loaded
/// kernels and made plans. Runs and copies need no leave: they went on beside captures without harm.
/// </summary>
internal static class CudaMaking
{
    private static readonly ReaderWriterLockSlim Gate = new();

    /// <summary>Makes a session: any number at a time, none during a capture.</summary>
    internal static T Make<T>(Func<T> make)
    {
        Gate.EnterReadLock();
        try
        {
            return make();
        }
        finally
        {
            Gate.ExitReadLock();
        }
    }

    /// <summary>The same for what makes nothing that is returned.</summary>
    internal static void Make(Action make) => Make(() =>
    {
        make();
        return true;
    });

    /// <summary>Captures: one at a time, once no session is being made.</summary>
    internal static void Capture(Action capture)
    {
        Gate.EnterWriteLock();
        try
        {
            capture();
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }
}
