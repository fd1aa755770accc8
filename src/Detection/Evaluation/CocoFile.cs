namespace Nanodet.Detection.Evaluation;

/// <summary>The parts of an annotations file that boxes need.</summary>
internal sealed record CocoFile(
    IReadOnlyList<CocoFileImage> Images, IReadOnlyList<CocoFileAnnotation> Annotations, IReadOnlyList<CocoCategory> Categories);
