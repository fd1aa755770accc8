using System.Numerics;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Blocks that are used again: to lock pages takes milliseconds and the driver's locks. As many may lie idle as were ever out together,
/// <see cref="FewIdle"/> at least, with at most so many bytes, unless it is one alone. A block that is too small makes room for the larger
/// one that takes its place.
/// </summary>
/// <param name="allocate">Allocates a block of so many bytes.</param>
/// <param name="mostIdleBytes">The most bytes that lie idle; null for <see cref="MostIdleBytes"/>.</param>
internal sealed class HostBlocks(Func<long, HostBlock> allocate, long? mostIdleBytes = null) : IDisposable
{
    /// <summary>As many may lie idle in any case.</summary>
    internal const int FewIdle = 4;

    private const long LeastIdleBytes = 512L << 20;

    private readonly Lock _gate = new();
    private readonly List<HostBlock> _idle = [];
    private readonly long _mostIdleBytes = mostIdleBytes ?? MostIdleBytes;
    private int _count;
    private int _out;
    private int _mostOut;
    private long _bytes;

    /// <summary>
    /// Page-locked memory is taken from everybody else on the machine: an eighth of what there is, 512 MiB to 4 GiB.
    /// </summary>
    internal static long MostIdleBytes =>
        Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, LeastIdleBytes, 8 * LeastIdleBytes);

    /// <summary>Blocks that exist, out or idle.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Their bytes.</summary>
    internal long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>The smallest idle block that fits; a new one when none does.</summary>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">There is not enough memory.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    internal HostBlock Rent(long bytes)
    {
        HostBlock? tooSmall = null;
        lock (_gate)
        {
            var index = _idle.FindIndex(block => block.Bytes >= bytes);
            if (index >= 0)
            {
                var found = _idle[index];
                _idle.RemoveAt(index);
                CountOut();
                return found;
            }

            if (_idle.Count > 0)
            {
                tooSmall = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
            }
        }

        Free(tooSmall);
        var block = allocate(RoundUp(bytes));
        lock (_gate)
        {
            _count++;
            _bytes += block.Bytes;
            CountOut();
        }

        return block;
    }

    /// <summary>Takes a block back; the smallest go when too many lie idle.</summary>
    internal void Return(HostBlock block)
    {
        var surplus = new List<HostBlock>();
        lock (_gate)
        {
            var index = _idle.FindIndex(other => other.Bytes >= block.Bytes);
            _idle.Insert(index < 0 ? _idle.Count : index, block);
            _out--;
            var most = Math.Max(FewIdle, _mostOut);
            while (_idle.Count > most || (_idle.Count > 1 && _idle.Sum(idle => idle.Bytes) > _mostIdleBytes))
            {
                surplus.Add(_idle[0]);
                _idle.RemoveAt(0);
            }
        }

        surplus.ForEach(Free);
    }

    /// <summary>Frees the idle blocks; none may be out.</summary>
    public void Dispose()
    {
        List<HostBlock> idle;
        lock (_gate)
        {
            idle = [.. _idle];
            _idle.Clear();
        }

        idle.ForEach(Free);
    }

    /// <summary>Four sizes for each doubling: shapes that grow by a little do not replace every block each time.</summary>
    internal static long RoundUp(long bytes)
    {
        var step = 1L << Math.Max(12, BitOperations.Log2((ulong)Math.Max(1, bytes)) - 2);
        var rounded = (bytes + step - 1) / step * step;
        return Math.Max(bytes, Math.Min(rounded, uint.MaxValue));
    }

    /// <summary>Called with the gate held.</summary>
    private void CountOut() => _mostOut = Math.Max(_mostOut, ++_out);

    private void Free(HostBlock? block)
    {
        if (block is null)
        {
            return;
        }

        block.Dispose();
        lock (_gate)
        {
            _count--;
            _bytes -= block.Bytes;
        }
    }
}
