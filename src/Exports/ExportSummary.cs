namespace Nanodet.Serverless.Exports;

/// <summary>What an export came to.</summary>
/// <param name="Format">The format.</param>
/// <param name="Images">Images in it, failed ones included.</param>
/// <param name="Failures">Failed images in it.</param>
/// <param name="Detections">Detections in it.</param>
/// <param name="DetectionsByClass">The same by name of the class, the most frequent first.</param>
/// <param name="LeftOut">
/// Images that are not in it, by reason; <see cref="LeftOutReason.ClassNotInDataset"/> counts detections.
/// </param>
/// <param name="Files">Names of its files, those of single images excluded.</param>
public sealed record ExportSummary(
    ExportFormat Format,
    long Images,
    long Failures,
    long Detections,
    IReadOnlyDictionary<string, long> DetectionsByClass,
    IReadOnlyDictionary<LeftOutReason, long> LeftOut,
    IReadOnlyList<string> Files);
