namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>One search for images in a folder and its subfolders.</summary>
/// <param name="root">The folder; names are relative to it.</param>
/// <param name="except">The real path of a folder that is left out; where it is the root's, annotated pictures are.</param>
/// <param name="isImage">Whether a name is an image's.</param>
internal sealed class ImageFolderSearch(string root, string except, Func<string, bool> isImage)
{
    private readonly HashSet<string> _visited = new(StringComparer.Ordinal);
    private bool _isOutput;

    /// <summary>Names of images, and of folders that cannot be listed, with slashes.</summary>
    public List<string> Images { get; } = [];

    /// <summary>Number of other files.</summary>
    public int Others { get; private set; }

    /// <summary>Searches a folder.</summary>
    /// <param name="folder">Its path, links included.</param>
    /// <param name="real">The same without links, so that a folder is searched once, however many links lead to it.</param>
    /// <exception cref="IOException">The root cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The root cannot be listed.</exception>
    public void Add(string folder, string real)
    {
        _isOutput = real == except;
        _visited.Add(real);
        foreach (var entry in ImageFiles.List(new DirectoryInfo(folder)))
        {
            Add(entry, real);
        }
    }

    private void Add(FileSystemInfo entry, string parent)
    {
        if (entry is DirectoryInfo folder)
        {
            AddFolder(folder, parent);
        }
        else if (isImage(entry.Name) && !(_isOutput && IsAnnotated(entry.Name)))
        {
            Images.Add(NameOf(entry));
        }
        else
        {
            Others++;
        }
    }

    private void AddFolder(DirectoryInfo folder, string parent)
    {
        var found = Images.Count;
        try
        {
            var real = ImageFiles.RealPath(folder, parent);
            if (real == except || !_visited.Add(real))
            {
                return;
            }

            foreach (var entry in ImageFiles.List(folder))
            {
                Add(entry, real);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever reads it says why it cannot be listed.
            Images.Add(NameOf(folder));
            return;
        }

        // A folder that is named like an image and has none is not what its name says.
        if (found == Images.Count && isImage(folder.Name))
        {
            Images.Add(NameOf(folder));
        }
    }

    private bool IsAnnotated(string name) =>
        name.EndsWith(ImageFiles.AnnotatedEnding, StringComparison.Ordinal) && isImage(name[..^ImageFiles.AnnotatedEnding.Length]);

    private string NameOf(FileSystemInfo entry) =>
        Path.GetRelativePath(root, entry.FullName).Replace(Path.DirectorySeparatorChar, '/');
}
