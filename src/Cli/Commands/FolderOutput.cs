using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>A JSON file for each image.</summary>
/// <param name="folder">The folder.</param>
internal sealed class FolderOutput(DirectoryInfo folder) : IResultOutput
{
    /// <inheritdoc/>
    public async Task<string?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(folder.FullName, $"{result.Image.Name}.json"));
        await InputFile.WriteAsync(file, result.ToUtf8Json(), cancellationToken);
        return file.FullName;
    }
}
