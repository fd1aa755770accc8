using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Starts orchestrations under ids that follow from their content: a second start is none.</summary>
public sealed class BatchStarter(IOptions<BatchOptions> batch, IOptions<OrchestrationOptions> orchestrations)
{
    /// <summary>A finished instance counts as started, too; a failed or terminated one may be started again.</summary>
    private static readonly OrchestrationRuntimeStatus[] Started =
    [
        OrchestrationRuntimeStatus.Pending,
        OrchestrationRuntimeStatus.Running,
        OrchestrationRuntimeStatus.Suspended,
        OrchestrationRuntimeStatus.Completed,
    ];

    /// <summary>The waits that new orchestrations take along.</summary>
    public Waits Waits { get; } = Waits.From(batch.Value, orchestrations.Value);

    /// <summary>Starts the orchestration of a batch, unless it was started before.</summary>
    public Task StartAsync(DurableTaskClient client, BatchReference reference, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var input = new DetectBatchInput(reference, Waits);
        return StartOnceAsync(client, nameof(DetectBatch), BatchNames.InstanceId(reference.BatchId), input, cancellationToken);
    }

    /// <summary>Starts an orchestration, unless one with that id was started before.</summary>
    internal static async Task StartOnceAsync(
        DurableTaskClient client, string orchestrator, string instanceId, object input, CancellationToken cancellationToken)
    {
        try
        {
            var options = new StartOrchestrationOptions(instanceId).WithDedupeStatuses(Started);
            await client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, options, cancellationToken);
        }
        catch (OrchestrationAlreadyExistsException)
        {
        }
    }
}
