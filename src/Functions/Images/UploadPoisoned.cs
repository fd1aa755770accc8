using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>A blob whose trigger failed too often: it is queued from here.</summary>
public sealed class UploadPoisoned(ImageIntake intake)
{
    /// <summary>Queues it.</summary>
    [Function(nameof(UploadPoisoned))]
    public Task RunAsync([QueueTrigger("webjobs-blobtrigger-poison")] byte[] message, CancellationToken cancellationToken) =>
        intake.QueuePoisonedAsync(message, cancellationToken);
}
