namespace Nanodet.Detection.Evaluation;

/// <summary>An image as the file has it.</summary>
internal sealed record CocoFileImage(long Id, string FileName);
