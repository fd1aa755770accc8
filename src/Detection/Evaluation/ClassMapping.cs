namespace Nanodet.Detection.Evaluation;

/// <summary>Which category of a data set each class of a model is.</summary>
/// <param name="CategoryIds">For each class, by its index, the category's id; -1 where the data set has none.</param>
/// <param name="ClassesWithoutCategory">Names of the classes that have none, in the model's order.</param>
/// <param name="CategoriesWithoutClass">Names of the categories that no class stands for, by id.</param>
public sealed record ClassMapping(
    IReadOnlyList<int> CategoryIds, IReadOnlyList<string> ClassesWithoutCategory, IReadOnlyList<string> CategoriesWithoutClass);
