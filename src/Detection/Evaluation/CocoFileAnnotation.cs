using System.Text.Json.Serialization;

namespace Nanodet.Detection.Evaluation;

/// <summary>An object as the file has it.</summary>
internal sealed record CocoFileAnnotation(
    long Id, long ImageId, int CategoryId, double[] Bbox, double Area, [property: JsonPropertyName("iscrowd")] int IsCrowd = 0);
