using System.Globalization;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>
/// The trace of this process: a file that it holds locked as long as it lives. Whoever comes after it on the same machine can lock the file
/// once the process is dead, however it died, and need not wait until its marks are old. On another machine, or where no file can be
/// written or locked, nothing is known, and only the age of a mark counts. Thread-safe.
/// </summary>
public sealed class ProcessTrace : IDisposable
{
    private const string Suffix = ".lock";

    /// <summary>Long after the marks of a dead process are too old to need its trace.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "nanodet", "workers");
    private readonly FileStream? _file;

    /// <summary>Leaves the trace, and removes those of processes that died long ago.</summary>
    /// <param name="time">The clock.</param>
    public ProcessTrace(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        try
        {
            Directory.CreateDirectory(_folder);
            var own = new FileStream(PathOf(Id), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            if (IsFree(PathOf(Id)))
            {
                // Files are not locked here, by a setting of .NET or by the file system: this process would be taken for dead.
                own.Dispose();
                File.Delete(PathOf(Id));
                return;
            }

            _file = own;
            foreach (var path in Directory.EnumerateFiles(_folder, "*" + Suffix))
            {
                if (time.GetUtcNow() - File.GetLastWriteTimeUtc(path) > Kept && HasDied(Path.GetFileNameWithoutExtension(path)))
                {
                    File.Delete(path);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Then the others wait until the marks of this process are old.
        }
    }

    /// <summary>The name of this process: a text that no other process has.</summary>
    internal string Id { get; } = Guid.NewGuid().ToString("N");

    /// <summary>True when a process ran on this machine and is dead; false when it lives or nothing is known of it.</summary>
    /// <param name="process">Its name.</param>
    internal bool HasDied(string process)
    {
        // The name comes from storage, and becomes a part of a path.
        if (process == Id || !Guid.TryParseExact(process, "N", out var id))
        {
            return false;
        }

        var path = PathOf(id.ToString("N", CultureInfo.InvariantCulture));
        return File.Exists(path) && IsFree(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_file is null)
        {
            return;
        }

        _file.Dispose();
        try
        {
            File.Delete(_file.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody looks at it at this moment; it is removed a day later.
        }
    }

    /// <summary>Whether nobody holds a file; false as well where it cannot be opened.</summary>
    private static bool IsFree(string path)
    {
        try
        {
            using var opened = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string PathOf(string process) => Path.Combine(_folder, process + Suffix);
}
