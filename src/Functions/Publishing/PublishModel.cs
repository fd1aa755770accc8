using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Orchestration;
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
        var options = ActivityPolicy.From(input.Waits);
        var pair = input.Pair;
        try
        {
            if (!pair.IsComplete)
            {
                await context.CreateTimer(input.Grace, CancellationToken.None);

                // Usually the pair is whole and published by now; where the event of the other one was lost, it is published here.
                if (await context.CallActivityAsync<CheckpointPair?>(PublishActivities.Find, pair.Stem, options) is not { } found)
                {
                    return PublishOutcome.None;
                }

                pair = found;
            }

            return await context.CallActivityAsync<PublishOutcome>(PublishActivities.Publish, pair, options);
        }
        catch (TaskFailedException exception)
        {
            return await context.CallActivityAsync<PublishOutcome>(
                PublishActivities.Report, new ReportCheckpointInput(pair, exception.FailureDetails.ErrorMessage), options);
        }
    }
}

/// <summary>The input of <see cref="PublishModel"/>.</summary>
/// <param name="Pair">The checkpoint and its config, by reference; one of them may be missing.</param>
/// <param name="Grace">How long to wait for the missing one.</param>
/// <param name="Waits">How activities are retried.</param>
public sealed record PublishModelInput(CheckpointPair Pair, TimeSpan Grace, Waits Waits);
