using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>
/// Reads files that anybody may have put into a folder: links that lead nowhere, pipes, devices and folders among them. Whatever is no file
/// that can be read is named, and nothing is waited for.
/// </summary>
internal static class ImageFileReader
{
    /// <summary>The code of a file that cannot be read.</summary>
    public const string Unreadable = "file_unreadable";

    private const char Undecodable = '\uFFFD';

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A stream, or why there is none.</returns>
    /// <exception cref="IOException">The machine is at fault: too many files are open, or the memory is too little.</exception>
    public static (FileStream? Stream, string? Problem) TryOpen(string path)
    {
        FileStream? stream = null;
        try
        {
            if (Directory.Exists(path))
            {
                return (null, Folder(path));
            }

            stream = new FileStream(
                OperatingSystem.IsWindows() ? File.OpenHandle(path) : UnixFile.Open(path), FileAccess.Read, bufferSize: 0);
            if (stream.CanSeek)
            {
                return (stream, null);
            }

            stream.Dispose();
            return (null, "expected a file, found a pipe, a socket or a device.");
        }
        catch (Exception exception) when (IsAboutTheFile(exception))
        {
            stream?.Dispose();
            return (null, Explain(path, exception));
        }
    }

    /// <summary>Reads an image; of one that is larger than a limit just enough that a detector says so.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes of an image.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>What was read, or why nothing was.</returns>
    /// <inheritdoc cref="TryOpen" path="/exception"/>
    public static async Task<(ImageFileContent? Content, string? Problem)> TryReadAsync(
        string path, long limit, CancellationToken cancellationToken)
    {
        var (stream, problem) = TryOpen(path);
        if (stream is null)
        {
            return (null, problem);
        }

        await using (stream)
        {
            try
            {
                var length = stream.Length;
                var bytes = new byte[Math.Min(length, limit + 1)];
                await stream.ReadExactlyAsync(bytes, cancellationToken);
                return (new ImageFileContent(bytes, length), null);
            }
            catch (EndOfStreamException)
            {
                return (null, "expected a file that stays as it is, found one that became shorter while it was read.");
            }
            catch (Exception exception) when (IsAboutTheFile(exception))
            {
                return (null, Explain(path, exception));
            }
        }
    }

    /// <summary>Reads an image of a folder that a command cannot do without.</summary>
    /// <param name="files">The folder.</param>
    /// <param name="name">The image's name in it.</param>
    /// <param name="limit">The most bytes of an image.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="CliException"><see cref="Unreadable"/>: it cannot be read, and why.</exception>
    public static async Task<ImageFileContent> ReadAsync(ImageFiles files, string name, long limit, CancellationToken cancellationToken)
    {
        var (content, problem) = await TryReadAsync(Path.Combine(files.Root, name), limit, cancellationToken);
        return content ?? throw new CliException(Unreadable, $"{name}: {problem}");
    }

    private static bool IsAboutTheFile(Exception exception) =>
        (exception is IOException or UnauthorizedAccessException or NotSupportedException) && !UnixFile.IsMachineFault(exception);

    private static string Explain(string path, Exception exception)
    {
        if (Path.GetFileName(path).Contains(Undecodable, StringComparison.Ordinal))
        {
            return "expected a name in UTF-8, found one with other bytes; rename the file.";
        }

        return LinkTarget(path) is { } target
            ? $"expected a file, found a link to {target} that cannot be followed: {Detail(exception)}"
            : $"expected a file that can be read: {Detail(exception)}";
    }

    private static string Detail(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException ? "there is no such file." : exception.Message;

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is wrong with it is known already.
            return null;
        }
    }

    private static string Folder(string path)
    {
        try
        {
            using var entries = Directory.EnumerateFileSystemEntries(path).GetEnumerator();
            _ = entries.MoveNext();
            return "expected a file, found a folder without images.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"expected a folder that can be listed: {exception.Message}";
        }
    }
}
