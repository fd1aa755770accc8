namespace Nanodet.Detection.Inference;

/// <summary>
/// The sizes that runs of one shape may have, and how long each takes: how many images are put into which runs. A run that is not full is
/// padded, so its time is that of its size. Never changes.
/// </summary>
internal sealed class RunLadder
{
    private readonly (int Size, double Seconds)[] _sizes;
    private readonly int[] _next;

    /// <summary>Plans every count of images up to a limit.</summary>
    /// <param name="sizes">Sizes and the seconds that a run of each takes; at least one.</param>
    /// <param name="limit">The most images of a request.</param>
    internal RunLadder(IEnumerable<(int Size, double Seconds)> sizes, int limit)
    {
        _sizes = [.. sizes.OrderBy(size => size.Size)];
        ArgumentOutOfRangeException.ThrowIfZero(_sizes.Length);
        _next = new int[limit + 1];
        var best = new double[limit + 1];
        for (var count = 1; count <= limit; count++)
        {
            best[count] = double.PositiveInfinity;
            foreach (var (size, seconds) in _sizes)
            {
                var total = seconds + best[Math.Max(0, count - size)];
                if (total <= best[count])
                {
                    (best[count], _next[count]) = (total, size);
                }
            }
        }
    }

    /// <summary>The sizes that a request of some count up to the limit begins with: each of the others has no place.</summary>
    internal IReadOnlyList<int> Useful => [.. _next.Skip(1).Distinct().Order()];

    /// <summary>The runs for some images, the largest first; together they have room for at least as many.</summary>
    /// <param name="count">1 up to the limit.</param>
    internal IReadOnlyList<int> Plan(int count)
    {
        var runs = new List<int>();
        for (var left = count; left > 0; left -= _next[left])
        {
            runs.Add(_next[left]);
        }

        return runs;
    }
}
