using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>The category of each class: that of a data set by name, else the class's number from 1.</summary>
internal sealed class CocoCategoryIds(CocoDataset? dataset, IReadOnlyList<string>? classNames)
{
    private readonly ClassIds _classes = new(classNames);
    private readonly Dictionary<string, int?> _byName = new(StringComparer.Ordinal);

    /// <summary>Every category, of an export without a data set.</summary>
    internal IEnumerable<CocoCategory> All => _classes.All.Select(known => new CocoCategory(known.Id + 1, known.Name));

    /// <summary>The category's id; null where the data set has none of that name.</summary>
    internal int? Find(in DetectedObject detection)
    {
        if (dataset is null)
        {
            return _classes.Of(detection) + 1;
        }

        if (!_byName.TryGetValue(detection.ClassName, out var id))
        {
            // The rule of names is the data set's. It refuses names of which none fits, so one that does goes along.
            id = dataset.MapClasses([detection.ClassName, dataset.Categories[0].Name]).CategoryIds[0] is >= 0 and var found ? found : null;
            _byName.Add(detection.ClassName, id);
        }

        return id;
    }
}
