using System.Text.Json;
using Nanodet.Serverless.Exports;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet results export</c>, and a part of that of <c>detect --format</c>.</summary>
/// <param name="Format">Name of the format.</param>
/// <param name="Output">The file or folder.</param>
/// <param name="Images">Images in it, failed ones included.</param>
/// <param name="Failures">Failed images in it.</param>
/// <param name="Detections">Detections in it.</param>
/// <param name="DetectionsByClass">The same by name of the class.</param>
/// <param name="LeftOut">What is not in it, by reason.</param>
/// <param name="Files">Names of its files, those of single images excluded.</param>
/// <param name="OtherFiles">JSON files of the input that hold no result.</param>
internal sealed record ResultsExportReport(
    string Format,
    string Output,
    long Images,
    long Failures,
    long Detections,
    IReadOnlyDictionary<string, long> DetectionsByClass,
    IReadOnlyDictionary<string, long> LeftOut,
    IReadOnlyList<string> Files,
    long OtherFiles)
{
    /// <summary>The answer of an export.</summary>
    public static ResultsExportReport Of(ExportSummary summary, string output, long otherFiles) => new(
        ExportFormats.NameOf(summary.Format),
        Path.GetFullPath(output),
        summary.Images,
        summary.Failures,
        summary.Detections,
        summary.DetectionsByClass,
        summary.LeftOut.ToDictionary(pair => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{pair.Key}"), pair => pair.Value),
        summary.Files,
        otherFiles);
}
