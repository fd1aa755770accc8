using System.Globalization;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// The number of each class in an export: the model's where that is free, so that exports of one model agree. Results of several models
/// may be mixed; a name always has one number.
/// </summary>
internal sealed class ClassIds
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, string> _names = [];

    /// <param name="known">The model's classes; null where they are not known.</param>
    internal ClassIds(IReadOnlyList<string>? known)
    {
        foreach (var (id, name) in (known ?? []).Index())
        {
            Add(id, name);
        }
    }

    /// <summary>Every number from 0 to the highest with its name; a number that no class has is called <c>class-7</c>.</summary>
    internal IEnumerable<(int Id, string Name)> All =>
        _names.Count == 0 ? [] : Enumerable.Range(0, _names.Keys.Last() + 1).Select(id => (id, _names.GetValueOrDefault(id) ?? Unseen(id)));

    /// <summary>Names that are known.</summary>
    internal IEnumerable<string> Names => _names.Values;

    internal int Of(in DetectedObject detection)
    {
        if (!_ids.TryGetValue(detection.ClassName, out var id))
        {
            id = _names.ContainsKey(detection.ClassId) ? _names.Keys.Last() + 1 : detection.ClassId;
            Add(id, detection.ClassName);
        }

        return id;
    }

    private static string Unseen(int id) => string.Create(CultureInfo.InvariantCulture, $"class-{id}");

    private void Add(int id, string name)
    {
        if (_ids.TryAdd(name, id))
        {
            _names[id] = name;
        }
    }
}
