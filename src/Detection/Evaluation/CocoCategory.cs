namespace Nanodet.Detection.Evaluation;

/// <summary>A category of a data set.</summary>
/// <param name="Id">Its id; COCO's run from 1 to 90 with gaps.</param>
/// <param name="Name">Its name.</param>
public sealed record CocoCategory(int Id, string Name);
