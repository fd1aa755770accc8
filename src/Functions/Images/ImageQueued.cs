using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>An image of queue <c>images</c>: those that wait together become one <see cref="Batches.DetectBatch"/>.</summary>
public sealed class ImageQueued(ImageIntake intake)
{
    /// <summary>Groups it.</summary>
    /// <param name="message">The queue message.</param>
    /// <param name="id">Its id, the same for every delivery.</param>
    /// <param name="client">Starts the batch.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Function(nameof(ImageQueued))]
    public Task RunAsync(
        [QueueTrigger("%Nanodet:Storage:ImageQueue%")] byte[] message,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => intake.GroupAsync(message, id, client, cancellationToken);
}
