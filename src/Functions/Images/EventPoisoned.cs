using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>A message of queue <c>events</c> that failed too often: a dead letter.</summary>
public sealed class EventPoisoned(PoisonWriter poison)
{
    /// <summary>Ends it.</summary>
    [Function(nameof(EventPoisoned))]
    public Task RunAsync([QueueTrigger("%Nanodet:Storage:EventQueue%-poison")] byte[] message, CancellationToken cancellationToken) =>
        poison.WriteEventAsync(message, cancellationToken);
}
