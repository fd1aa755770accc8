using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// The id of each image in a data set, by its file name: the whole name, else the longest ending of whole parts that both have, if it is of
/// one file and of one result only. That is known when every result was seen; what is kept is of the data set's size.
/// </summary>
internal sealed class CocoImageIds
{
    private static readonly char[] Separators = ['/', '\\'];

    private readonly Dictionary<string, Match> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Match> _byEnding = new(StringComparer.Ordinal);

    internal CocoImageIds(CocoDataset dataset)
    {
        foreach (var image in dataset.Images)
        {
            Add(_byName, image.FileName, image.Id);
            foreach (var ending in EndingsOf(image.FileName))
            {
                Add(_byEnding, ending, image.Id);
            }
        }
    }

    /// <summary>Takes a result's name into account.</summary>
    internal void See(string name)
    {
        if (_byName.TryGetValue(name, out var whole))
        {
            whole.Results++;
        }

        foreach (var ending in EndingsOf(name))
        {
            if (_byEnding.TryGetValue(ending, out var match))
            {
                match.Results++;
            }
        }
    }

    /// <summary>Whether the data set has a file that the name may mean.</summary>
    internal bool Knows(string name) => Find(name) is not null;

    /// <summary>The id of a result's image, when all were seen; null where its name may mean several, or others mean the same.</summary>
    internal long? IdOf(string name) => Find(name) is { Results: 1, Id: { } id } ? id : null;

    private static void Add(Dictionary<string, Match> matches, string name, long id)
    {
        if (!matches.TryAdd(name, new Match { Id = id }))
        {
            matches[name].Id = null;
        }
    }

    /// <summary>A name, and what is left of it without its folders, one after the other: <c>a/b/c</c>, <c>b/c</c>, <c>c</c>.</summary>
    private static IEnumerable<string> EndingsOf(string name)
    {
        yield return name;
        for (var at = name.IndexOfAny(Separators); at >= 0; at = name.IndexOfAny(Separators, at + 1))
        {
            yield return name[(at + 1)..];
        }
    }

    private Match? Find(string name) => _byName.GetValueOrDefault(name)
        ?? EndingsOf(name).Select(ending => _byEnding.GetValueOrDefault(ending)).FirstOrDefault(match => match is not null);

    /// <summary>What a name, or an ending, means.</summary>
    private sealed class Match
    {
        /// <summary>The file's id; null where several files have it.</summary>
        internal long? Id { get; set; }

        /// <summary>Results that have it.</summary>
        internal int Results { get; set; }
    }
}
