using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Publishing;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>From what triggers see in the container of checkpoints to <see cref="PublishModel"/>.</summary>
public sealed class CheckpointIntake(
    CheckpointStore store,
    OrchestrationStarter starter,
    IOptions<PublishOptions> options,
    IOptions<StorageOptions> names,
    ILogger<CheckpointIntake> logger)
{
    /// <summary>Whether a container is that of the checkpoints.</summary>
    public bool Owns(string container) => container == names.Value.Checkpoints;

    /// <summary>
    /// Starts the orchestration of a checkpoint and its config, whichever of them came. Its id follows from both contents, so a second
    /// event about them starts nothing.
    /// </summary>
    public async Task StartAsync(DurableTaskClient client, string blob, CancellationToken cancellationToken)
    {
        if (!CheckpointName.TryParse(blob, out var name))
        {
            Log.CheckpointIgnored(logger, blob);
            return;
        }

        if (await store.FindAsync(name.Stem, cancellationToken) is not { } pair)
        {
            Log.UploadGone(logger, blob);
            return;
        }

        var input = new PublishModelInput(pair, options.Value.Grace, starter.Waits);
        await OrchestrationStarter.StartOnceAsync(client, nameof(PublishModel), pair.InstanceId, input, cancellationToken);
    }
}
