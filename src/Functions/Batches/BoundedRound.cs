namespace Nanodet.Serverless.Functions.Batches;

/// <summary>
/// Looks at the items of an ordered listing, some at a call: each call goes on where the one before ended, and the one after the last item
/// begins anew. One item that fails keeps no other waiting.
/// </summary>
/// <param name="most">Items that a call looks at.</param>
internal sealed class BoundedRound(int most)
{
    private string _last = string.Empty;

    /// <summary>Looks at the next items.</summary>
    /// <param name="items">All items, in the ordinal order of their names.</param>
    /// <param name="nameOf">An item's name.</param>
    /// <param name="look">Looks at one.</param>
    /// <param name="failed">Is told which one failed.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Whether the round is over: no item is left.</returns>
    public async Task<bool> RunAsync<T>(
        IAsyncEnumerable<T> items,
        Func<T, string> nameOf,
        Func<T, Task> look,
        Action<T, Exception> failed,
        CancellationToken cancellationToken)
    {
        var looks = 0;
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            if (string.CompareOrdinal(nameOf(item), _last) <= 0)
            {
                continue;
            }

            if (looks++ == most)
            {
                return false;
            }

            _last = nameOf(item);
            try
            {
                await look(item);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failed(item, exception);
            }
        }

        _last = string.Empty;
        return true;
    }
}
