namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>The ids of the batches that this worker finished lately. Thread-safe.</summary>
/// <param name="capacity">How many are remembered, at least 1.</param>
internal sealed class FinishedBatches(int capacity)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _ids = [];
    private readonly Queue<string> _order = [];

    internal bool Contains(string batchId)
    {
        lock (_gate)
        {
            return _ids.Contains(batchId);
        }
    }

    /// <summary>Remembers a batch; the oldest one may be forgotten.</summary>
    internal void Add(string batchId)
    {
        lock (_gate)
        {
            if (!_ids.Add(batchId))
            {
                return;
            }

            _order.Enqueue(batchId);
            if (_order.Count > capacity)
            {
                _ids.Remove(_order.Dequeue());
            }
        }
    }
}
