namespace Nanodet.Detection.Evaluation;

/// <summary>A detection as a file of results has it.</summary>
internal sealed record CocoFileResult(long ImageId, int CategoryId, double[] Bbox, double Score);
