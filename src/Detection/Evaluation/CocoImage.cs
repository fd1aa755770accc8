namespace Nanodet.Detection.Evaluation;

/// <summary>One image of a data set with its objects.</summary>
/// <param name="Id">Its id.</param>
/// <param name="FileName">Its file name.</param>
/// <param name="Truths">Its objects.</param>
public sealed record CocoImage(long Id, string FileName, IReadOnlyList<CocoTruth> Truths);
