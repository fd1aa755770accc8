using System.Text.Json;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>
/// The results of an earlier run that stand for this one: of the same model and options, and of an image that has the same length and was
/// not written to since. A failure that says nothing about the content is not one of them.
/// </summary>
/// <param name="output">The folder of the results.</param>
/// <param name="files">The images.</param>
/// <param name="model">The model of this run.</param>
/// <param name="options">The options of this run.</param>
/// <param name="annotate">Whether a picture has to be there, too.</param>
internal sealed class KeptResults(DirectoryInfo output, ImageFiles files, ResultModel model, ResultOptions options, bool annotate)
{
    private readonly string _options = Text(options);

    /// <summary>The result of an image; null where it has to be detected.</summary>
    public async Task<DetectedImage?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(output.FullName, $"{name}.json"));
        if (!file.Exists || await TryReadAsync(file, cancellationToken) is not { } result || !Stands(result, name))
        {
            return null;
        }

        var picture = annotate && result.Detections is not null
            ? new FileInfo(Path.Combine(output.FullName, name + ImageFiles.AnnotatedEnding))
            : null;
        return picture is { Exists: false } ? null : new DetectedImage(result, file.FullName, picture?.FullName);
    }

    private static async Task<DetectionResult?> TryReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            return DetectionResult.Parse(await File.ReadAllBytesAsync(file.FullName, cancellationToken));
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            // Whatever it is, this run's result takes its place; where that cannot be written, it says so.
            return null;
        }
    }

    private static string Text(ResultOptions options) => JsonSerializer.Serialize(options, CliJsonContext.Default.ResultOptions);

    private bool Stands(DetectionResult result, string name)
    {
        if (result.Model != model || result.Options is not { } used || Text(used) != _options || result.Image.Name != name
            || (result.Error is { } error && FailureCodes.All.Contains(error.Code)))
        {
            return false;
        }

        FileSystemInfo image = new FileInfo(Path.Combine(files.Root, name));
        image = image.LinkTarget is null ? image : image.ResolveLinkTarget(returnFinalTarget: true) ?? image;
        return image is FileInfo { Exists: true } content
            && content.Length == result.Image.Bytes
            && content.LastWriteTimeUtc <= result.CreatedUtc;
    }
}
