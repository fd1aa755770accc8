using Microsoft.Extensions.FileSystemGlobbing.Abstractions;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>
/// A folder that a glob is looked for in. Like the search of a whole folder it takes one that cannot be listed as a name that cannot be
/// read, and follows links to a folder once.
/// </summary>
/// <remarks>As in a shell, a star takes no hidden name.</remarks>
internal sealed class GlobFolder : DirectoryInfoBase
{
    private static readonly EnumerationOptions Everything = new()
    {
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
    };

    private readonly DirectoryInfo _folder;
    private readonly string _real;
    private readonly GlobFolder? _parent;
    private readonly HashSet<string> _visited;
    private readonly List<string> _unreadable;

    /// <summary>The folder in which a search begins.</summary>
    /// <param name="root">Its path.</param>
    public GlobFolder(string root)
        : this(new DirectoryInfo(root), ImageFiles.RealPath(root), parent: null, new(StringComparer.Ordinal), [])
    {
    }

    private GlobFolder(DirectoryInfo folder, string real, GlobFolder? parent, HashSet<string> visited, List<string> unreadable)
    {
        _folder = folder;
        _real = real;
        _parent = parent;
        _visited = visited;
        _unreadable = unreadable;
    }

    /// <summary>Folders, among those that were looked into so far, that could not be listed.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <inheritdoc/>
    public override string Name => _folder.Name;

    /// <inheritdoc/>
    public override string FullName => _folder.FullName;

    /// <inheritdoc/>
    public override DirectoryInfoBase? ParentDirectory => _parent;

    /// <inheritdoc/>
    /// <exception cref="IOException">It is the first one, and cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public override IEnumerable<FileSystemInfoBase> EnumerateFileSystemInfos()
    {
        try
        {
            // In an order of its own: of several links to a folder it is always the same one that is followed.
            return !_visited.Add(_real) ? [] :
            [
                .. _folder.EnumerateFileSystemInfos("*", Everything).OrderBy(entry => entry.Name, StringComparer.Ordinal)
                    .Select(entry => entry is DirectoryInfo folder ? In(folder) : (FileSystemInfoBase)new FileInfoWrapper((FileInfo)entry)),
            ];
        }
        catch (Exception exception) when (_parent is not null && exception is IOException or UnauthorizedAccessException)
        {
            // Whoever reads it says why it cannot be listed.
            _unreadable.Add(FullName);
            return [];
        }
    }

    /// <inheritdoc/>
    public override DirectoryInfoBase? GetDirectory(string path) => Directory.Exists(Path.Combine(FullName, path))
        ? In(new DirectoryInfo(Path.Combine(FullName, path)))
        : null;

    /// <inheritdoc/>
    public override FileInfoBase GetFile(string path) => new FileInfoWrapper(new FileInfo(Path.Combine(FullName, path)));

    private GlobFolder In(DirectoryInfo folder)
    {
        var real = folder.LinkTarget is null ? Path.Combine(_real, folder.Name) : ImageFiles.RealPath(folder.FullName);
        return new GlobFolder(folder, real, this, _visited, _unreadable);
    }
}
