using System.Diagnostics.CodeAnalysis;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>
/// The name of a blob of container <c>checkpoints</c>: <c>name.pth</c>, <c>.pt</c>, <c>.ckpt</c> or <c>.safetensors</c>, and beside it
/// <c>name.yml</c> or <c>.yaml</c>. What they have in common is the stem; other blobs mean nothing.
/// </summary>
/// <param name="Stem">The name without its ending, folders included.</param>
/// <param name="IsConfig">Whether it is a config; else it is a checkpoint.</param>
public sealed record CheckpointName(string Stem, bool IsConfig)
{
    private const string ReportEnding = ".report.json";

    private static readonly string[] CheckpointEndings = [".pth", ".pt", ".ckpt", ".safetensors"];
    private static readonly string[] ConfigEndings = [".yml", ".yaml"];

    /// <summary>The blob that says what became of a stem.</summary>
    public static string ReportOf(string stem) => stem + ReportEnding;

    /// <summary>The name of a stem's model: the stem without its folders.</summary>
    public static string ModelOf(string stem)
    {
        ArgumentNullException.ThrowIfNull(stem);
        return stem[(stem.LastIndexOf('/') + 1)..];
    }

    /// <summary>Takes a blob's name apart; false for one that is neither a checkpoint nor a config.</summary>
    public static bool TryParse(string blob, [NotNullWhen(true)] out CheckpointName? name)
    {
        name = null;
        ArgumentNullException.ThrowIfNull(blob);
        var isConfig = ConfigEndings.FirstOrDefault(IsEnding) is not null;
        if ((isConfig ? ConfigEndings : CheckpointEndings).FirstOrDefault(IsEnding) is not { } ending)
        {
            return false;
        }

        // The model's name becomes part of a blob's name and of a URL; a backslash would count as a slash there.
        var stem = blob[..^ending.Length];
        var model = ModelOf(stem);
        if (string.IsNullOrWhiteSpace(model)
            || stem.Contains('\\')
            || stem.Any(char.IsControl)
            || BlobNames.FindProblem(stem) is not null
            || BlobNames.FindProblem(ReportOf(stem)) is not null)
        {
            return false;
        }

        name = new CheckpointName(stem, isConfig);
        return true;

        bool IsEnding(string candidate) => blob.EndsWith(candidate, StringComparison.OrdinalIgnoreCase);
    }
}
