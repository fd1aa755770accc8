using Azure;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>A batch that this process works on: its mark in storage, kept fresh until the work ends.</summary>
internal sealed class BatchWork : IAsyncDisposable
{
    /// <summary>After so many deaths of a process at an image that ran alone, the image is what they have in common.</summary>
    internal const int MostDeaths = 3;

    private readonly BatchMarks _marks;
    private readonly BatchReference _batch;
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Task _beating;

    /// <param name="marks">Where the mark is.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="state">What the mark says.</param>
    /// <param name="etag">Its ETag.</param>
    /// <param name="beats">When to renew it.</param>
    internal BatchWork(BatchMarks marks, BatchReference batch, BegunBatch state, ETag etag, PeriodicTimer beats)
    {
        _marks = marks;
        _batch = batch;
        State = state;
        Etag = etag;
        _beating = BeatAsync(beats);
    }

    /// <summary>True when suspects among the images have to run one by one.</summary>
    internal bool IsAlone => State.IsAlone;

    /// <summary>True when the batch was given up, because it holds an image for which it has to be alone.</summary>
    internal bool HasToBeAlone { get; private set; }

    /// <summary>True once the batch is staged.</summary>
    internal bool IsFinished { get; set; }

    internal BegunBatch State { get; private set; }

    /// <summary>
    /// Null when the mark is in other hands: this process was taken for dead. What it does is still right, and done twice.
    /// </summary>
    internal ETag? Etag { get; private set; }

    /// <summary>How often processes died at images, in this batch and in others that hold them.</summary>
    /// <param name="images">The images.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The deaths by <see cref="BatchImage.Subject"/>, where there are any.</returns>
    internal async Task<IReadOnlyDictionary<string, int>> CountDeathsAsync(
        IEnumerable<BatchImage> images, CancellationToken cancellationToken)
    {
        var subjects = images.Select(image => image.Subject).ToHashSet(StringComparer.Ordinal);
        var deaths = await _marks.CountOtherDeathsAsync(_batch, subjects, cancellationToken).ConfigureAwait(false);
        foreach (var (image, count) in State.Deaths)
        {
            deaths[image] = deaths.GetValueOrDefault(image) + count;
        }

        return deaths;
    }

    /// <summary>Those images of a batch that is alone that have to be at hand alone.</summary>
    /// <param name="images">Those that it has still to detect.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<IReadOnlyCollection<BatchImage>> FindSuspectsAsync(
        IReadOnlyCollection<BatchImage> images, CancellationToken cancellationToken)
    {
        if (State.IsSuspect)
        {
            return images;
        }

        var suspects = await _marks.FindSuspectsAsync(_batch, images, cancellationToken).ConfigureAwait(false);
        return [.. images.Where(image => suspects.Contains(image) || State.Deaths.ContainsKey(image.Subject))];
    }

    /// <summary>Finds out whether the batch has to be alone and is not.</summary>
    /// <param name="images">Its images, looked up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<bool> IsRefusedAsync(IEnumerable<BatchImage> images, CancellationToken cancellationToken) =>
        HasToBeAlone = !IsAlone
            && (await _marks.FindSuspectsAsync(_batch, images, cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>Says in storage which image comes next, before anything is done with it.</summary>
    /// <param name="image">See <see cref="BatchImage.Subject"/>; null when the images are through.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal Task ComeToAsync(string? image, CancellationToken cancellationToken) =>
        WriteAsync(state => state with { AtHand = image }, cancellationToken);

    /// <summary>Ends the beats and the mark. It throws nothing: how the batch ended does not depend on its mark.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _beating.ConfigureAwait(false);
        await _marks.EndAsync(_batch, this).ConfigureAwait(false);
        _ended.Dispose();
        _writing.Dispose();
    }

    private async Task BeatAsync(PeriodicTimer beats)
    {
        using (beats)
        {
            try
            {
                while (await beats.WaitForNextTickAsync(_ended.Token).ConfigureAwait(false))
                {
                    await BeatOnceAsync().ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                // The work has ended.
            }
        }
    }

    private async Task BeatOnceAsync()
    {
        try
        {
            // Not cancelled: a write that was given up may still come to storage, and then nobody knows the mark's ETag.
            await WriteAsync(state => state, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Storage is away for longer than its client retries, or does not answer in time; the next beat tries again. Whatever it is:
            // without beats a process that is alive counts as dead.
            _marks.LogLate(_batch, exception);
        }
    }

    private async Task WriteAsync(Func<BegunBatch, BegunBatch> change, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var state = change(State);
            if (Etag is { } etag)
            {
                Etag = await _marks.RenewAsync(_batch, state, etag, cancellationToken).ConfigureAwait(false);
            }

            State = state;
        }
        finally
        {
            _writing.Release();
        }
    }
}
