using System.Text.Json;

namespace Nanodet.Detection.Evaluation;

/// <summary>The images, objects and categories of a COCO annotations file (<c>instances_*.json</c>).</summary>
/// <param name="Images">The images, by id.</param>
/// <param name="Categories">The categories, by id.</param>
public sealed record CocoDataset(IReadOnlyList<CocoImage> Images, IReadOnlyList<CocoCategory> Categories)
{
    /// <summary>Reads a file; segmentations and everything else that boxes do not need are skipped.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The data set.</returns>
    /// <exception cref="EvaluationException">The file is not a COCO annotations file.</exception>
    public static async Task<CocoDataset> ReadAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        CocoFile file;
        try
        {
            file = await JsonSerializer.DeserializeAsync(stream, CocoJson.Default.CocoFile, cancellationToken).ConfigureAwait(false)
                ?? throw new EvaluationException("invalid_annotations", "Expected a COCO annotations file, found null.");
        }
        catch (JsonException exception)
        {
            throw new EvaluationException("invalid_annotations", $"Expected a COCO annotations file: {exception.Message}", exception);
        }

        var truths = file.Annotations.ToLookup(
            annotation => annotation.ImageId,
            annotation => annotation.Bbox is [var x, var y, var width, var height] && annotation.Bbox.All(double.IsFinite)
                ? new CocoTruth(annotation.CategoryId, new CocoBox(x, y, width, height), annotation.Area, annotation.IsCrowd == 1)
                : throw new EvaluationException(
                    "invalid_annotations",
                    $"Annotation {annotation.Id}: expected a bbox [x, y, width, height], found [{string.Join(", ", annotation.Bbox)}]."));
        return file is { Images.Count: > 0, Categories.Count: > 0 }
            ? new CocoDataset(
                [.. file.Images.OrderBy(image => image.Id).Select(image => new CocoImage(image.Id, image.FileName, [.. truths[image.Id]]))],
                [.. file.Categories.OrderBy(category => category.Id)])
            : throw new EvaluationException(
                "invalid_annotations", $"Expected images and categories, found {file.Images.Count} and {file.Categories.Count}.");
    }

    /// <summary>Finds the category of each class of a model. Names that differ are not matched by their order in silence.</summary>
    /// <param name="classNames">The model's classes.</param>
    /// <param name="matching">How they are matched.</param>
    /// <returns>The categories, and the names that stayed without a partner.</returns>
    /// <exception cref="EvaluationException">
    /// <c>categories_do_not_fit</c>: no name is that of a class, or by order the counts differ.
    /// </exception>
    public ClassMapping MapClasses(IReadOnlyList<string> classNames, ClassMatching matching = ClassMatching.ByName)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        if (matching == ClassMatching.ByOrder)
        {
            return Categories.Count == classNames.Count
                ? new ClassMapping([.. Categories.Select(category => category.Id)], [], [])
                : throw new EvaluationException(
                    "categories_do_not_fit",
                    $"By order, expected as many categories as the model has classes ({classNames.Count}), found {Categories.Count}.");
        }

        var byName = Categories.ToLookup(category => Plain(category.Name), category => category.Id);
        var known = classNames.Select(Plain).ToHashSet();
        int[] ids = [.. classNames.Select(name => byName[Plain(name)].DefaultIfEmpty(-1).First())];
        return ids.Any(id => id >= 0)
            ? new ClassMapping(
                ids,
                [.. classNames.Where((_, index) => ids[index] < 0)],
                [.. Categories.Where(category => !known.Contains(Plain(category.Name))).Select(category => category.Name)])
            : throw new EvaluationException(
                "categories_do_not_fit",
                $"Expected categories named like the model's {classNames.Count} classes ({Some(classNames)}), "
                + $"found {Categories.Count} others ({Some([.. Categories.Select(category => category.Name)])})."
                + (Categories.Count == classNames.Count ? " If they are the same in the same order, match them by order." : ""));
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(5)) + (names.Count > 5 ? ", ..." : "");

    private static string Plain(string name) => name.Replace('_', ' ').Replace('-', ' ').Trim().ToUpperInvariant();
}
