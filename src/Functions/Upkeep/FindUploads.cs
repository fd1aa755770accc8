using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Images;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Uploads;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>
/// Looks after the blob triggers that poll: of uploads in a burst they miss some, and they hand on a few in a second. Does nothing for a
/// trigger that is turned off: then events announce uploads.
/// </summary>
/// <param name="sweep">Lists uploads.</param>
/// <param name="register">Knows which were handed on.</param>
/// <param name="images">Takes images.</param>
/// <param name="checkpoints">Takes checkpoints.</param>
/// <param name="names">Names of the containers.</param>
/// <param name="switches">Which triggers are on.</param>
public sealed class FindUploads(
    UploadSweep sweep,
    UploadRegister register,
    ImageIntake images,
    CheckpointIntake checkpoints,
    IOptions<StorageOptions> names,
    FunctionSwitches switches)
{
    /// <summary>Looks every five seconds.</summary>
    [Function(nameof(FindUploads))]
    public async Task RunAsync(
        [TimerTrigger("*/5 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (!switches.IsDisabled(ImageTriggers.Uploaded))
        {
            var container = names.Value.Images;
            await sweep.RunAsync(
                container, (blob, isOld, token) => images.QueueListedAsync(container, blob, isOld, token), cancellationToken);
        }

        if (!switches.IsDisabled(nameof(CheckpointUploaded)))
        {
            var container = names.Value.Checkpoints;
            await sweep.RunAsync(
                container,
                (blob, _, token) => register.HandOnAsync(
                    container, blob.Name, blob.Properties.ETag?.ToString(), () => checkpoints.StartAsync(client, blob.Name, token)),
                cancellationToken);
        }
    }
}
