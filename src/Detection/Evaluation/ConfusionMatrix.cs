namespace Nanodet.Detection.Evaluation;

/// <summary>
/// What objects are taken for. Each detection, best first, takes the free object that it overlaps most, of whatever category, where the
/// IoU is at least 0.50; one of its own category goes before all others. Crowds are left out, and so is what lies in one.
/// </summary>
public sealed class ConfusionMatrix
{
    /// <summary>Stands for no object, or for no detection.</summary>
    public const int None = -1;

    private const double LeastOverlap = 0.5;

    private readonly SortedDictionary<(int Truth, int Found), int> _counts = [];

    /// <summary>How often objects of a category were detected as another; <see cref="None"/> for what was missed or is no object.</summary>
    public IReadOnlyDictionary<(int Truth, int Found), int> Counts => _counts;

    /// <summary>Adds an image.</summary>
    /// <param name="truths">Its objects.</param>
    /// <param name="detections">Those of its detections that count.</param>
    /// <returns>For each pair, the places of object and detection in the lists, -1 for none.</returns>
    public IReadOnlyList<(int Truth, int Detection)> Add(IReadOnlyList<CocoTruth> truths, IReadOnlyList<CocoDetection> detections)
    {
        ArgumentNullException.ThrowIfNull(truths);
        ArgumentNullException.ThrowIfNull(detections);
        var pairs = new List<(int Truth, int Detection)>();
        var taken = new bool[truths.Count];
        var open = Enumerable.Range(0, detections.Count).OrderByDescending(place => detections[place].Score).ToList();

        // First each to its own: else a surer detection of another category would take an object away from the right one.
        Take(ofOwnCategory: true);
        Take(ofOwnCategory: false);
        foreach (var place in open)
        {
            if (!truths.Any(truth => truth.IsCrowd && detections[place].Box.Overlap(truth.Box, isCrowd: true) >= LeastOverlap))
            {
                pairs.Add((None, place));
            }
        }

        pairs.AddRange(Enumerable.Range(0, truths.Count)
            .Where(place => !taken[place] && !truths[place].IsCrowd)
            .Select(place => (place, None)));
        foreach (var (truth, detection) in pairs)
        {
            var key = (
                truth == None ? None : truths[truth].CategoryId, detection == None ? None : detections[detection].CategoryId);
            _counts[key] = _counts.GetValueOrDefault(key) + 1;
        }

        return pairs;

        void Take(bool ofOwnCategory) => open.RemoveAll(place =>
        {
            var (match, best) = (None, LeastOverlap);
            for (var i = 0; i < truths.Count; i++)
            {
                if (!taken[i]
                    && !truths[i].IsCrowd
                    && (truths[i].CategoryId == detections[place].CategoryId) == ofOwnCategory
                    && detections[place].Box.Overlap(truths[i].Box, isCrowd: false) is var overlap
                    && overlap >= best)
                {
                    (match, best) = (i, overlap);
                }
            }

            if (match != None)
            {
                taken[match] = true;
                pairs.Add((match, place));
            }

            return match != None;
        });
    }
}
