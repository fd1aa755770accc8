namespace Nanodet.Detection.Detectors;

/// <summary>Part of a <see cref="DecodingBudget"/>. Given back once, however often this is disposed.</summary>
internal sealed class DecodingShare(DecodingBudget budget, long bytes) : IDisposable
{
    private long _bytes = bytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        var left = Interlocked.Exchange(ref _bytes, 0);
        if (left > 0)
        {
            budget.Return(left);
        }
    }
}
