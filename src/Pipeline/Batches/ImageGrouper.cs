using Microsoft.Extensions.Hosting;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>
/// The waiting room of images that came one by one: those that wait at the same time leave as one batch. Stopping it sends everybody
/// on at once.
/// </summary>
public sealed class ImageGrouper : IHostedService
{
    /// <summary>Waits for a group, writes its list and starts it.</summary>
    /// <param name="message">The image.</param>
    /// <param name="start">Starts a batch's orchestration, once for a group; the group takes that of its first image.</param>
    /// <param name="cancellationToken">Gives the wait up. A group whose first image gave up still starts.</param>
    /// <returns>A task that completes when the group was started, and fails with it.</returns>
    public Task AddAsync(
        ImageMessage message,
        Func<BatchReference, CancellationToken, Task> start,
        CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends the groups that wait, and waits until they are started. Later images go alone and at once.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
