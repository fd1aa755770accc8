using Microsoft.Win32.SafeHandles;

namespace Nanodet.Serverless.Exports.Targets;

/// <summary>A folder of the file system.</summary>
public sealed class FolderTarget : IExportTarget
{
    private readonly DirectoryInfo _folder;
    private readonly List<(string Temporary, string Final)> _pending = [];
    private bool _isChecked;
    private string? _latestFolder;

    /// <summary>Names the folder.</summary>
    /// <param name="folder">The folder; it is made when the first file is.</param>
    public FolderTarget(DirectoryInfo folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _folder = folder;
    }

    /// <inheritdoc/>
    public Task<Stream> CreateAsync(string name, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        var parent = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(parent);
        EnsureRoomFor(path);

        // A name of its own: one that has the file's in it would be too long earlier than the file's.
        var temporary = Path.Combine(parent, $".{Guid.NewGuid():n}.tmp");
        _pending.Add((temporary, path));
        return Task.FromResult<Stream>(new FileStream(
            temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16, FileOptions.Asynchronous));
    }

    /// <inheritdoc/>
    /// <exception cref="ExportException"><c>output_not_empty</c>: the folder had files before.</exception>
    public ValueTask<LeftOutReason?> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        CheckEmpty();
        var path = PathOf(name);
        if (TryOpen(path, out var file) is { } reason)
        {
            return ValueTask.FromResult<LeftOutReason?>(reason);
        }

        using (file)
        {
            RandomAccess.Write(file!, content.Span, fileOffset: 0);
        }

        return ValueTask.FromResult<LeftOutReason?>(null);
    }

    /// <inheritdoc/>
    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var (temporary, final) in _pending)
        {
            File.Move(temporary, final, overwrite: true);
        }

        _pending.Clear();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (var (temporary, _) in _pending)
        {
            File.Delete(temporary);
        }

        _pending.Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>Files of earlier exports would be taken for this one's: nobody could tell them apart.</summary>
    private void CheckEmpty()
    {
        if (!_isChecked && _folder.Exists && _folder.EnumerateFileSystemInfos().FirstOrDefault() is { } found)
        {
            throw new ExportException(
                "output_not_empty",
                $"{_folder.FullName}: expected a folder that is empty or does not exist, because each image gets a file in it; "
                    + $"found {found.Name}. Remove the folder, or name another one.");
        }

        _isChecked = true;
    }

    private LeftOutReason? TryOpen(string path, out SafeFileHandle? file)
    {
        file = null;
        var parent = Path.GetDirectoryName(path)!;
        try
        {
            if (parent != _latestFolder)
            {
                Directory.CreateDirectory(parent);
                _latestFolder = parent;
            }

            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            return null;
        }
        catch (Exception exception) when (FileNames.IsTooLong(exception))
        {
            return LeftOutReason.NameTooLong;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && IsTaken(path))
        {
            return LeftOutReason.NameTaken;
        }
    }

    /// <summary>Whether a file or folder of that name is there, or a file where a folder on the way should be.</summary>
    private bool IsTaken(string path)
    {
        for (var at = path; at.Length > _folder.FullName.Length; at = Path.GetDirectoryName(at)!)
        {
            if (File.Exists(at))
            {
                return true;
            }
        }

        return Directory.Exists(path);
    }

    /// <summary>Nothing is written for hours under another name that cannot have this one in the end.</summary>
    private static void EnsureRoomFor(string path)
    {
        try
        {
            _ = File.GetAttributes(path);
        }
        catch (FileNotFoundException)
        {
            // As it should be.
        }
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name.Replace('/', Path.DirectorySeparatorChar));
}
