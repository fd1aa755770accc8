using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>
/// One checkpoint with its config, from storage to the current model. It knows references only; weights never enter its history. While
/// one of the two is missing it sleeps: the other one's arrival starts an orchestration of its own.
/// </summary>
public static class PublishModel
{
    /// <summary>Publishes it.</summary>
    /// <param name="context">Its input is a <see cref="PublishModelInput"/>.</param>
    /// <returns>What became of it.</returns>
    [Function(nameof(PublishModel))]
    public static async Task<PublishOutcome> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var input = context.GetInput<PublishModelInput>()!;
        var options = Activities.Options(input.Waits);
        var pair = input.Pair;
        if (!pair.IsComplete)
        {
            await context.CreateTimer(input.Grace, CancellationToken.None);

            // Usually the pair is whole and published by now; where the event of the other one was lost, it is published here.
            pair = await context.CallActivityAsync<CheckpointPair?>(nameof(FindCheckpoint), pair.Stem, options);
            if (pair is null)
            {
                return PublishOutcome.None;
            }
        }

        try
        {
            return await context.CallActivityAsync<PublishOutcome>(nameof(PublishCheckpoint), pair, options);
        }
        catch (TaskFailedException failure)
        {
            return await context.CallActivityAsync<PublishOutcome>(
                nameof(ReportCheckpoint), new ReportCheckpointInput(pair, failure.FailureDetails.ErrorMessage), options);
        }
    }
}
