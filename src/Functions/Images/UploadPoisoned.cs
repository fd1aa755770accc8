using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>A blob whose trigger failed too often: its way goes on from here.</summary>
public sealed class UploadPoisoned(ImageIntake intake)
{
    /// <summary>Queues an image; starts the publication of a checkpoint.</summary>
    [Function(nameof(UploadPoisoned))]
    public Task RunAsync(
        [QueueTrigger("webjobs-blobtrigger-poison")] byte[] message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => intake.QueuePoisonedAsync(message, client, cancellationToken);
}
