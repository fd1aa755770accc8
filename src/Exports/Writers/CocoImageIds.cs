using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// The id of each image in a data set, by its file name: the whole name, else the part behind the last slash if one file has it.
/// </summary>
internal sealed class CocoImageIds
{
    private const long Several = -1;

    private readonly Dictionary<string, long> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _byLastPart = new(StringComparer.Ordinal);
    private readonly HashSet<long> _used = [];

    internal CocoImageIds(CocoDataset dataset)
    {
        foreach (var image in dataset.Images)
        {
            Add(_byName, image.FileName, image.Id);
            Add(_byLastPart, LastPart(image.FileName), image.Id);
        }
    }

    /// <summary>The id of a result's image; null where there is none, or where another result has it already.</summary>
    internal long? Take(string name)
    {
        var isKnown = _byName.TryGetValue(name, out var id) || _byLastPart.TryGetValue(LastPart(name), out id);
        return isKnown && id != Several && _used.Add(id) ? id : null;
    }

    private static void Add(Dictionary<string, long> ids, string name, long id)
    {
        if (!ids.TryAdd(name, id))
        {
            ids[name] = Several;
        }
    }

    private static string LastPart(string name) => name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
}
