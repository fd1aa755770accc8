namespace Nanodet.Detection.Evaluation;

/// <summary>How a model's classes and a data set's categories are matched.</summary>
public enum ClassMatching
{
    /// <summary>By name; case, and whether words are joined by blanks, underscores or hyphens, do not matter.</summary>
    ByName,

    /// <summary>By position: the first class is the category with the lowest id. There have to be equally many.</summary>
    ByOrder,
}
