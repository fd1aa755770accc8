using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Grouping;

/// <summary>
/// The waiting room of images that came one by one: those that wait at the same time leave as one batch. Stopping it sends everybody
/// on at once.
/// </summary>
/// <param name="lists">Where a group's list is written.</param>
/// <param name="options">How many wait, and how long.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to say so.</param>
public sealed class ImageGrouper(
    BatchLists lists,
    IOptions<GroupingOptions> options,
    TimeProvider time,
    ILogger<ImageGrouper> logger) : IHostedService
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string? JobId, DetectionRequestOptions? Options), ImageGroup> _open = [];
    private readonly HashSet<ImageGroup> _underway = [];
    private bool _isStopping;

    /// <summary>Waits for a group, writes its list and starts it.</summary>
    /// <param name="message">The image.</param>
    /// <param name="start">Starts a batch's orchestration, once for a group; the group takes that of its first image.</param>
    /// <param name="cancellationToken">Gives the wait up. A group whose first image gave up still starts.</param>
    /// <returns>A task that completes when the group was started, and fails with it.</returns>
    public Task AddAsync(
        ImageMessage message,
        Func<BatchReference, CancellationToken, Task> start,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(start);
        PipelineTelemetry.RecordWait("images", message.QueuedUtc, time.GetUtcNow());
        ImageGroup? group;
        var isFirst = false;
        lock (_gate)
        {
            var key = (message.JobId, message.Options);
            if (!_open.TryGetValue(key, out group))
            {
                isFirst = true;
                group = new ImageGroup(key, start);
                _open.Add(key, group);
                _underway.Add(group);
            }

            group.Images.Add(message);
            if (group.Images.Count >= options.Value.BatchSize || _isStopping)
            {
                Close(group);
            }
        }

        if (isFirst)
        {
            // Not awaited: the others must not depend on whether the first one goes on waiting.
            _ = LeadAsync(group);
        }

        return group.Started.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends the groups that wait, and waits until they are started. Later images go alone and at once.</summary>
    /// <param name="cancellationToken">Gives the wait up.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] started;
        lock (_gate)
        {
            _isStopping = true;
            foreach (var group in _open.Values.ToArray())
            {
                Close(group);
            }

            started = [.. _underway.Select(group => group.Started.Task)];
        }

        try
        {
            await Task.WhenAll(started).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whoever waits for the group was told; its message comes back.
        }
    }

    private async Task LeadAsync(ImageGroup group)
    {
        // A group is nobody's child: it has the traces of all its images, not that of the function that brought the first one.
        Activity.Current = null;
        try
        {
            using (var waiting = new CancellationTokenSource())
            {
                await Task.WhenAny(group.Closed.Task, Task.Delay(options.Value.MaxDelay, time, waiting.Token)).ConfigureAwait(false);
                await waiting.CancelAsync().ConfigureAwait(false);
            }

            lock (_gate)
            {
                Close(group);
            }

            foreach (var batch in BatchFormer.Form(group.Images, options.Value.BatchSize))
            {
                using var activity = TraceContext.StartJoined("nanodet.batch.start", batch.Images.Select(image => image.Traceparent));
                activity?.SetTag("nanodet.batch.id", batch.BatchId);
                activity?.SetTag("nanodet.batch.size", batch.Images.Count);
                var reference = await lists.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
                await group.Start(reference with { Traceparent = activity?.Id }, CancellationToken.None).ConfigureAwait(false);
                Log.GroupStarted(logger, batch.BatchId, batch.Images.Count);
            }

            group.Started.TrySetResult();
        }
        catch (Exception exception)
        {
            group.Started.TrySetException(exception);
        }
        finally
        {
            lock (_gate)
            {
                _underway.Remove(group);
            }
        }
    }

    private void Close(ImageGroup group)
    {
        if (_open.TryGetValue(group.Key, out var open) && open == group)
        {
            _open.Remove(group.Key);
        }

        group.Closed.TrySetResult();
    }
}
