using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>
/// A blob that appeared in the container of checkpoints, found by polling. Where Event Grid puts its events on queue <c>events</c>,
/// the function <c>EventReceived</c> does the same and this function is turned off.
/// </summary>
public sealed class CheckpointUploaded(CheckpointIntake intake)
{
    /// <summary>Starts <see cref="PublishModel"/>; reads nothing of the blob.</summary>
    [Function(nameof(CheckpointUploaded))]
    public Task RunAsync(
        [BlobTrigger("%Nanodet:Storage:Checkpoints%/{name}")] BlobClient blob,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        return intake.StartAsync(client, blob.Name, cancellationToken);
    }
}
