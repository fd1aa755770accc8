namespace Nanodet.Serverless.Pipeline.Uploads;

/// <summary>
/// The uploads that this process has handed on lately. A blob trigger and <see cref="UploadSweep"/> see the same uploads; whoever comes
/// first hands one on, and the other leaves it alone. Safe to call from several threads.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="capacity">How many are remembered; the oldest is forgotten first. An upload handed on twice has one result.</param>
public sealed class UploadRegister(TimeProvider time, int capacity = UploadRegister.DefaultCapacity)
{
    /// <summary>Uploads that are remembered by default: at 300 bytes each, 30 MB at most.</summary>
    public const int DefaultCapacity = 100_000;

    private readonly Lock _gate = new();
    private readonly HashSet<Upload> _uploads = [];
    private readonly Queue<Upload> _order = [];

    /// <summary>Since when this process remembers. What is older may have been handed on by an earlier one.</summary>
    public DateTimeOffset Began { get; } = time.GetUtcNow();

    /// <summary>Hands an upload on, unless that was done before or is being done.</summary>
    /// <param name="container">The blob's container.</param>
    /// <param name="name">The blob's name.</param>
    /// <param name="etag">Its content.</param>
    /// <param name="hand">Does it. When it fails, the upload may be tried again.</param>
    /// <returns>False when it was left alone.</returns>
    public async Task<bool> HandOnAsync(string container, string name, string? etag, Func<Task> hand)
    {
        ArgumentNullException.ThrowIfNull(hand);
        var upload = new Upload(container, name, etag);
        if (!TryEnter(upload))
        {
            return false;
        }

        try
        {
            await hand().ConfigureAwait(false);
            return true;
        }
        catch
        {
            Leave(upload);
            throw;
        }
    }

    private bool TryEnter(Upload upload)
    {
        lock (_gate)
        {
            if (!_uploads.Add(upload))
            {
                return false;
            }

            _order.Enqueue(upload);
            while (_order.Count > capacity)
            {
                _uploads.Remove(_order.Dequeue());
            }

            return true;
        }
    }

    private void Leave(Upload upload)
    {
        lock (_gate)
        {
            _uploads.Remove(upload);
        }
    }

    private readonly record struct Upload(string Container, string Name, string? Etag);
}
