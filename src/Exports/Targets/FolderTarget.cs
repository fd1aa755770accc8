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
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        _pending.Add((temporary, path));
        return Task.FromResult<Stream>(new FileStream(
            temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16, FileOptions.Asynchronous));
    }

    /// <inheritdoc/>
    /// <exception cref="ExportException"><c>output_not_empty</c>: the folder had files before.</exception>
    public ValueTask<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        CheckEmpty();
        var path = PathOf(name);
        var parent = Path.GetDirectoryName(path)!;
        if (parent != _latestFolder)
        {
            Directory.CreateDirectory(parent);
            _latestFolder = parent;
        }

        try
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            RandomAccess.Write(file, content.Span, fileOffset: 0);
            return ValueTask.FromResult(true);
        }
        catch (IOException) when (File.Exists(path))
        {
            return ValueTask.FromResult(false);
        }
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

    private string PathOf(string name) => Path.Combine(_folder.FullName, name.Replace('/', Path.DirectorySeparatorChar));
}
