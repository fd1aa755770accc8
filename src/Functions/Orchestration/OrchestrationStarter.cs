using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;

namespace Nanodet.Serverless.Functions.Orchestration;

/// <summary>Starts orchestrations under ids that follow from their content: a second start is none.</summary>
/// <param name="options">How orchestrations wait and retry.</param>
public sealed class OrchestrationStarter(IOptions<OrchestrationOptions> options)
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
    public Waits Waits { get; } = Waits.From(options.Value);

    /// <summary>Starts an orchestration, unless one with that id was started before.</summary>
    /// <param name="client">The durable client.</param>
    /// <param name="orchestrator">The name of its function.</param>
    /// <param name="instanceId">The id that follows from what it is about.</param>
    /// <param name="input">Its input.</param>
    /// <param name="cancellationToken">Cancels the call; the orchestration may have been started.</param>
    public static async Task StartOnceAsync(
        DurableTaskClient client, string orchestrator, string instanceId, object input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
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
