using Microsoft.Extensions.FileSystemGlobbing.Abstractions;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>
/// A folder that a glob is looked for in. Like the search of a whole folder it takes one that cannot be listed as a name that cannot be
/// read, and follows links to a folder once.
/// </summary>
/// <remarks>A star takes no hidden name, unless the glob itself has one, such as <c>photos/**/.kept/*.jpg</c>.</remarks>
internal sealed class GlobFolder : DirectoryInfoBase
{
    private readonly DirectoryInfo _folder;
    private readonly string _real;
    private readonly GlobFolder? _parent;
    private readonly bool _takesHidden;
    private readonly HashSet<string> _visited;
    private readonly List<string> _unreadable;

    /// <summary>The folder in which a search begins.</summary>
    /// <param name="root">Its path.</param>
    /// <param name="glob">What is looked for there, with slashes.</param>
    public GlobFolder(string root, string glob)
    {
        _folder = new DirectoryInfo(root);
        _real = ImageFiles.RealPath(root);
        _takesHidden = glob.Split('/').Any(part => part.StartsWith('.'));
        _visited = new(StringComparer.Ordinal);
        _unreadable = [];
    }

    private GlobFolder(DirectoryInfo folder, GlobFolder parent)
    {
        _folder = folder;
        _real = ImageFiles.RealPath(folder, parent._real);
        _parent = parent;
        (_takesHidden, _visited, _unreadable) = (parent._takesHidden, parent._visited, parent._unreadable);
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
            return !_visited.Add(_real) ? [] :
            [
                .. ImageFiles.List(_folder, _takesHidden).Select<FileSystemInfo, FileSystemInfoBase>(entry =>
                    entry is DirectoryInfo folder ? new GlobFolder(folder, this) : new FileInfoWrapper((FileInfo)entry)),
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
        ? new GlobFolder(new DirectoryInfo(Path.Combine(FullName, path)), this)
        : null;

    /// <inheritdoc/>
    public override FileInfoBase GetFile(string path) => new FileInfoWrapper(new FileInfo(Path.Combine(FullName, path)));
}
