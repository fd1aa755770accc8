using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>A message of queue <c>images</c> that failed too often: a failure record and a dead letter.</summary>
public sealed class ImagePoisoned(PoisonWriter poison)
{
    /// <summary>Ends it.</summary>
    [Function(nameof(ImagePoisoned))]
    public Task RunAsync([QueueTrigger("%Nanodet:Storage:ImageQueue%-poison")] byte[] message, CancellationToken cancellationToken) =>
        poison.WriteImageAsync(message, cancellationToken);
}
