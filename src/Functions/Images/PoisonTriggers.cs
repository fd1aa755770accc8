using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>What becomes of messages about images that failed too often.</summary>
/// <param name="intake">Goes on with blobs.</param>
/// <param name="poison">Ends messages.</param>
public sealed class PoisonTriggers(ImageIntake intake, PoisonWriter poison)
{
    /// <summary>Where the blob trigger leaves what it gave up.</summary>
    public const string UploadQueue = "webjobs-blobtrigger-poison";

    /// <summary>A blob whose trigger failed too often: an image is queued, the publication of a checkpoint is started.</summary>
    [Function("UploadPoisoned")]
    public Task UploadAsync(
        [QueueTrigger(UploadQueue)] byte[] message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => intake.QueuePoisonedAsync(message, client, cancellationToken);

    /// <summary>A message of queue <c>events</c>: a dead letter.</summary>
    [Function("EventPoisoned")]
    public Task EventAsync([QueueTrigger("%Nanodet:Storage:EventQueue%-poison")] byte[] message, CancellationToken cancellationToken) =>
        poison.WriteEventAsync(message, problem: null, cancellationToken);

    /// <summary>A message of queue <c>images</c>: a failure record and a dead letter.</summary>
    [Function("ImagePoisoned")]
    public Task ImageAsync([QueueTrigger("%Nanodet:Storage:ImageQueue%-poison")] byte[] message, CancellationToken cancellationToken) =>
        poison.WriteImageAsync(message, cancellationToken);
}
