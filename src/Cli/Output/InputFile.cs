namespace Nanodet.Serverless.Cli.Output;

/// <summary>Reads and writes the files of a command.</summary>
internal static class InputFile
{
    private const long MaxBytes = 1L << 30;
    private static readonly string[] ConfigEndings = [".yml", ".yaml"];

    /// <summary>Reads a file whole.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="CliException">It does not exist, is a directory, or is too large.</exception>
    public static async Task<byte[]> ReadAsync(FileInfo file, string what, CancellationToken cancellationToken)
    {
        if (Directory.Exists(file.FullName))
        {
            throw new CliException("not_a_file", $"{file} is a directory; a {what} was expected.");
        }

        if (!file.Exists)
        {
            throw new CliException("file_not_found", $"there is no {what} at {file}.");
        }

        return file.Length <= MaxBytes
            ? await File.ReadAllBytesAsync(file.FullName, cancellationToken)
            : throw new CliException("file_too_large", $"{file} has {file.Length} bytes; at most {MaxBytes} are read.");
    }

    /// <summary>Reads a model and, where there is one beside it, its NanoDet config.</summary>
    /// <param name="model">The ONNX file.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="CliException">The model does not exist, is a directory, or is too large.</exception>
    public static async Task<(byte[] Onnx, byte[]? Config)> ReadModelAsync(FileInfo model, CancellationToken cancellationToken)
    {
        var onnx = await ReadAsync(model, "model", cancellationToken);
        var config = ConfigEndings
            .Select(ending => new FileInfo(Path.ChangeExtension(model.FullName, ending)))
            .FirstOrDefault(file => file.Exists);
        return (onnx, config is null ? null : await ReadAsync(config, "config", cancellationToken));
    }

    /// <summary>
    /// Path of a file that becomes another one when it is whole. Its name is its own and short: one with the other's in it would be too
    /// long earlier than that.
    /// </summary>
    /// <param name="file">The file that it becomes, in the same folder.</param>
    public static string TemporaryFor(FileInfo file) => Path.Combine(file.DirectoryName!, $".{Guid.NewGuid():n}.tmp");

    /// <summary>Writes a file so that it is there whole or not at all.</summary>
    /// <param name="file">The file; its folder is made where there is none.</param>
    /// <param name="content">What is in it then.</param>
    /// <param name="cancellationToken">Cancels writing.</param>
    /// <param name="isSecret">Whether only its owner may read it. On Windows the folder decides that.</param>
    public static async Task WriteAsync(
        FileInfo file, ReadOnlyMemory<byte> content, CancellationToken cancellationToken, bool isSecret = false)
    {
        Directory.CreateDirectory(file.DirectoryName!);
        var temporary = TemporaryFor(file);
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.Asynchronous,
            };
            if (isSecret && !OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            await using (var stream = new FileStream(temporary, options))
            {
                await stream.WriteAsync(content, cancellationToken);
            }

            File.Move(temporary, file.FullName, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
