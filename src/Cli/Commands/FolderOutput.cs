using System.Text;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>A JSON file for each image, and a picture where one is drawn.</summary>
/// <param name="folder">The folder.</param>
internal sealed class FolderOutput(DirectoryInfo folder) : IResultOutput
{
    /// <inheritdoc/>
    public Task<DetectedImage> WriteAsync(
        string name, DetectionResult result, Func<Task<ReadOnlyMemory<byte>>>? draw, CancellationToken cancellationToken) =>
        WriteAsync(name, result, result.ToUtf8Json(), draw, cancellationToken);

    /// <summary>Writes a result that is a document already.</summary>
    /// <inheritdoc cref="WriteAsync(string, DetectionResult, Func{Task{ReadOnlyMemory{byte}}}, CancellationToken)"/>
    public async Task<DetectedImage> WriteAsync(
        string name,
        DetectionResult result,
        ReadOnlyMemory<byte> document,
        Func<Task<ReadOnlyMemory<byte>>>? draw,
        CancellationToken cancellationToken)
    {
        var picture = draw is null
            ? null
            : await TryWriteAsync(name, ImageFiles.AnnotatedEnding, await draw(), cancellationToken);
        if (draw is not null && picture is null)
        {
            result = Failure(name, ImageFiles.AnnotatedEnding, result);
            document = result.ToUtf8Json();
        }

        var file = await TryWriteAsync(name, ImageFiles.ResultEnding, document, cancellationToken);
        return new DetectedImage(
            file is null && result.Error is null ? Failure(name, ImageFiles.ResultEnding, result) : result, file, picture);
    }

    private static DetectionResult Failure(string name, string ending, DetectionResult result)
    {
        var bytes = Encoding.UTF8.GetByteCount(Path.GetFileName(name));
        return DetectionResult.CreateFailure(
            new DetectionError(
                FailureCodes.NameUnusable,
                $"expected a name with room for '{ending}' behind it, found one of {bytes} bytes: most file systems take 255, and 4096 in a "
                    + "path. Give the image a shorter name, or name an --output with a shorter path."),
            new ImageReference(result.Image.Container, result.Image.Name, result.Image.Etag, result.Image.Bytes),
            result.CreatedUtc);
    }

    /// <summary>Path of the file; null where there is no room for its name.</summary>
    private async Task<string?> TryWriteAsync(
        string name, string ending, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileInfo(Path.Combine(folder.FullName, name + ending));
            await InputFile.WriteAsync(file, content, cancellationToken);
            return file.FullName;
        }
        catch (IOException exception) when (FileNames.IsTooLong(exception))
        {
            return null;
        }
    }
}
