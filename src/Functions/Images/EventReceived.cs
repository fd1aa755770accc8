using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>An event of queue <c>events</c>: Event Grid, CloudEvents 1.0, or just a container and a name.</summary>
public sealed class EventReceived(ImageIntake intake)
{
    /// <summary>Queues its images, and starts the publication of its checkpoints.</summary>
    [Function(nameof(EventReceived))]
    public Task RunAsync(
        [QueueTrigger("%Nanodet:Storage:EventQueue%")] byte[] message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => intake.QueueAsync(message, client, cancellationToken);
}
