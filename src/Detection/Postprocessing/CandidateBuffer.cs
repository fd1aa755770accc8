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
