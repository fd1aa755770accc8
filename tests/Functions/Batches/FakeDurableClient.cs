using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Tests.Batches;

/// <summary>A durable client that refuses each event, and knows one instance or cannot read it.</summary>
/// <param name="refusal">How events are refused.</param>
/// <param name="find">What is known of the instance.</param>
internal sealed class FakeDurableClient(StatusCode refusal, Func<string, OrchestrationMetadata?> find) : DurableTaskClient("fake")
{
    public FakeDurableClient(StatusCode refusal, Func<OrchestrationMetadata?> find)
        : this(refusal, _ => find())
    {
    }

    /// <summary>The batches that were started.</summary>
    public List<(string InstanceId, DetectBatchInput Input)> Started { get; } = [];

    /// <summary>How each start fails; null where it does not.</summary>
    public Exception? StartFault { get; init; }

    /// <summary>Answers requests to remove ended instances.</summary>
    public Func<PurgeInstancesFilter, CancellationToken, Task<PurgeResult>>? Purge { get; init; }

    public override Task<PurgeResult> PurgeAllInstancesAsync(PurgeInstancesFilter filter, CancellationToken cancellation = default) =>
        Purge?.Invoke(filter, cancellation) ?? throw Unused();

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default) =>
        throw new RpcException(new Status(refusal, "refused"));

    public override Task<OrchestrationMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => Task.FromResult(find(instanceId));

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw Unused();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) => throw Unused();

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) => throw Unused();

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        if (StartFault is not null)
        {
            throw StartFault;
        }

        Started.Add((options!.InstanceId!, (DetectBatchInput)input!));
        return Task.FromResult(options.InstanceId!);
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) => throw Unused();

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw Unused();

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw Unused();

    private static NotSupportedException Unused() => new("The code under test does not ask for this.");
}
