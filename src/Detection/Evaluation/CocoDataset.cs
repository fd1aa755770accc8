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

    /// <summary>
    /// The category id of each class of a model: by name where every category is called like a class (blanks, underscores and case
    /// aside), else by order where there are equally many.
    /// </summary>
    /// <param name="classNames">The model's classes.</param>
    /// <exception cref="EvaluationException">Neither holds.</exception>
    public IReadOnlyList<int> MapClasses(IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        var byName = Categories.ToLookup(category => Plain(category.Name), category => category.Id);
        var known = classNames.Select(Plain).ToHashSet();
        if (Categories.All(category => known.Contains(Plain(category.Name))))
        {
            // A class that the data set does not have gets an id that no object has.
            return [.. classNames.Select(name => byName[Plain(name)].DefaultIfEmpty(-1).First())];
        }

        return Categories.Count == classNames.Count
            ? [.. Categories.Select(category => category.Id)]
            : throw new EvaluationException(
                "categories_do_not_fit",
                $"Expected the data set's {Categories.Count} categories among the model's {classNames.Count} classes, "
                + $"found no class '{Categories.First(category => !known.Contains(Plain(category.Name))).Name}'.");
    }

    private static string Plain(string name) => name.Replace('_', ' ').Replace('-', ' ').Trim().ToUpperInvariant();
}
