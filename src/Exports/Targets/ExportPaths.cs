namespace Nanodet.Serverless.Exports.Targets;

/// <summary>What a path of the file system means as the output of an export.</summary>
public static class ExportPaths
{
    /// <summary>
    /// Opens a path. A format with one file takes the path as that file, or, where it is a folder or ends in a slash, puts its file into
    /// it. A format that is a folder takes the path as that folder, or, where it ends in <c>.zip</c>, as an archive.
    /// </summary>
    /// <param name="format">The format.</param>
    /// <param name="path">The path.</param>
    /// <returns>The target, and the name for <c>ExportOptions.FileName</c>.</returns>
    public static (IExportTarget Target, string? FileName) Open(ExportFormat format, string path)
    {
        if (FileOf(format, path) is not { } file)
        {
            return (new FolderTarget(new DirectoryInfo(Path.GetFullPath(path))), null);
        }

        var folder = new FolderTarget(new DirectoryInfo(Path.GetDirectoryName(file)!));
        return ExportFormats.IsFolder(format) ? (new ZipTarget(folder, Path.GetFileName(file)), null) : (folder, Path.GetFileName(file));
    }

    /// <summary>The file that an export to a path becomes, as <see cref="Open"/> has it; null where it becomes a folder.</summary>
    /// <param name="format">The format.</param>
    /// <param name="path">The path.</param>
    /// <returns>The file's whole path.</returns>
    public static string? FileOf(ExportFormat format, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = Path.GetFullPath(path);
        if (ExportFormats.IsFolder(format))
        {
            return string.Equals(Path.GetExtension(full), ".zip", StringComparison.OrdinalIgnoreCase) ? full : null;
        }

        return Directory.Exists(full) || Path.EndsInDirectorySeparator(path) ? Path.Combine(full, ExportFormats.FileNameOf(format)) : full;
    }
}
