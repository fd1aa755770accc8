using System.Buffers;

namespace Nanodet.Detection.Postprocessing;

/// <summary>A growing list of candidates in a rented array; disposing returns the array.</summary>
internal sealed class CandidateBuffer : IDisposable
{
    private Candidate[] _items = ArrayPool<Candidate>.Shared.Rent(256);
    private int _count;

    /// <summary>The candidates; not to be used after the next <see cref="Add"/> or <see cref="Dispose"/>.</summary>
    internal Span<Candidate> Items => _items.AsSpan(0, _count);

    internal void Add(Candidate candidate)
    {
        if (_count == _items.Length)
        {
            var larger = ArrayPool<Candidate>.Shared.Rent(2 * _count);
            Items.CopyTo(larger);
            ArrayPool<Candidate>.Shared.Return(_items);
            _items = larger;
        }

        _items[_count++] = candidate;
    }

    /// <summary>Drops those whose score is not above that of their class; the others keep their order.</summary>
    /// <param name="thresholds">A score for each class.</param>
    internal void KeepAbove(ReadOnlySpan<float> thresholds)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (_items[i].Score > thresholds[_items[i].ClassId])
            {
                _items[kept++] = _items[i];
            }
        }

        _count = kept;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var items = _items;
        _items = [];
        _count = 0;
        if (items.Length > 0)
        {
            ArrayPool<Candidate>.Shared.Return(items);
        }
    }
}
