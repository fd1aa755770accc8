using Grpc.Core;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Tests.Publishing;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Tests.Batches;

/// <summary>Events that the engine refuses: a staging blob is written and removed only where nobody waits for it any more.</summary>
public sealed class BatchEventsTests(AzuriteFixture fixture)
{
    internal const string Staged =
        """{"container":"images","name":"a.png","result":{"status":"detected","createdUtc":"2026-01-31T12:00:00Z","model":null,"options":null,"""
        + """ "provider":null,"image":{"container":"images","name":"a.png","etag":"0x1","width":1,"height":1,"bytes":1},"detections":[]}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StatusCode.NotFound, null, false)]
    [InlineData(StatusCode.FailedPrecondition, null, false)]
    [InlineData(StatusCode.FailedPrecondition, OrchestrationRuntimeStatus.Completed, false)]
    [InlineData(StatusCode.FailedPrecondition, OrchestrationRuntimeStatus.Terminated, false)]
    [InlineData(StatusCode.FailedPrecondition, OrchestrationRuntimeStatus.Running, true)]
    [InlineData(StatusCode.FailedPrecondition, OrchestrationRuntimeStatus.Pending, true)]
    public async Task Raise_RefusedEvent_KeepsTheResultsOfWhatGoesOn(StatusCode refusal, OrchestrationRuntimeStatus? status, bool stays) =>
        Assert.Equal(stays, await StaysAsync(refusal, () => status is { } known
            ? new OrchestrationMetadata("DetectBatch", "batch-b1") { RuntimeStatus = known }
            : null));

    /// <summary>
    /// A job's batch can be detected before the engine has stored its orchestration's state: nobody may take its lines from the job then.
    /// </summary>
    [Theory]
    [InlineData(StatusCode.NotFound, null, OrchestrationRuntimeStatus.Running, true)]
    [InlineData(StatusCode.FailedPrecondition, null, OrchestrationRuntimeStatus.Running, true)]
    [InlineData(StatusCode.NotFound, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running, true)]
    [InlineData(StatusCode.FailedPrecondition, OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Running, false)]
    [InlineData(StatusCode.NotFound, null, OrchestrationRuntimeStatus.Completed, false)]
    [InlineData(StatusCode.NotFound, null, OrchestrationRuntimeStatus.Terminated, false)]
    [InlineData(StatusCode.NotFound, null, null, false)]
    public async Task Raise_RefusedEventOfAJob_KeepsTheResultsWhileTheJobGoesOn(
        StatusCode refusal, OrchestrationRuntimeStatus? batch, OrchestrationRuntimeStatus? job, bool stays) =>
        Assert.Equal(stays, await StaysAsync(
            refusal,
            instance => (instance == "job-j1" ? job : batch) is { } known
                ? new OrchestrationMetadata("any", instance) { RuntimeStatus = known }
                : null,
            "jobs/j1/batches/b1.ndjson"));

    /// <summary>When the answer to the first write of its history is lost, the engine never stores the instance's state.</summary>
    [Fact]
    public async Task Raise_StateThatCannotBeRead_KeepsTheResults()
    {
        Assert.True(await StaysAsync(
            StatusCode.FailedPrecondition, () => throw new RpcException(new Status(StatusCode.Unknown, "a column is missing"))));
        Assert.True(await StaysAsync(StatusCode.FailedPrecondition, () => throw new ArgumentOutOfRangeException("status")));
    }

    [Theory]
    [InlineData("j1", OrchestrationRuntimeStatus.Completed, true)]
    [InlineData("j1", OrchestrationRuntimeStatus.Running, false)]
    [InlineData("j1", OrchestrationRuntimeStatus.Failed, false)]
    [InlineData("j1", OrchestrationRuntimeStatus.Terminated, false)]
    [InlineData("j1", null, false)]
    [InlineData(null, OrchestrationRuntimeStatus.Completed, false)]
    public async Task IsDone_BatchOfAJob_IsDoneWhenItsOrchestrationHasCompleted(
        string? job, OrchestrationRuntimeStatus? status, bool expected) =>
        Assert.Equal(expected, await IsDoneAsync(job, () => status is { } known
            ? new OrchestrationMetadata("DetectBatch", "batch-b1") { RuntimeStatus = known }
            : null));

    /// <summary>
    /// The worker that staged the batch died before its event, or could not raise it. Its job had given the batch up, so nobody else looks.
    /// </summary>
    [Fact]
    public async Task Queued_BatchThatIsDoneAndStaged_IsWritten()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        var blob = app.Container("staging").GetBlobClient("jobs/j1/batches/b1.ndjson");
        await blob.UploadAsync(BinaryData.FromString(Staged + "\n"), Token);
        var mark = app.Container("staging").GetBlobClient("jobs/j1/begun/b1.json");
        await mark.UploadAsync(BinaryData.FromString("{}"), Token);
        await using var client = new FakeDurableClient(
            StatusCode.FailedPrecondition,
            instance => new OrchestrationMetadata("any", instance) { RuntimeStatus = OrchestrationRuntimeStatus.Completed });
        var events = new BatchEvents(app.Services.GetRequiredService<DetectionWriter>(), NullLogger<BatchEvents>.Instance);
        var message = """{"schemaVersion":1,"batch":{"schemaVersion":1,"batchId":"b1","blob":"jobs/j1/pages/0.ndjson","count":1,"jobId":"j1"}}"""u8;
        var clients = app.Services.GetRequiredService<StorageClients>();

        await new BatchQueued(processor: null!, new BatchStaging(clients), new BegunBatches(clients), events, NullLogger<BatchQueued>.Instance)
            .RunAsync(message.ToArray(), dequeueCount: 2, client, Token);

        Assert.True(await app.Container("detections").GetBlobClient("images/a.png.json").ExistsAsync(Token));
        Assert.False(await blob.ExistsAsync(Token));
        Assert.False(await mark.ExistsAsync(Token));
    }

    [Fact]
    public async Task IsDone_StateThatCannotBeRead_IsDetectedAgain() => Assert.False(
        await IsDoneAsync("j1", () => throw new RpcException(new Status(StatusCode.Unknown, "a column is missing"))));

    private static async Task<bool> IsDoneAsync(string? job, Func<OrchestrationMetadata?> find)
    {
        await using var client = new FakeDurableClient(StatusCode.NotFound, find);
        return await new BatchEvents(writer: null!, NullLogger<BatchEvents>.Instance)
            .IsDoneAsync(client, new BatchReference { BatchId = "b1", Blob = "l", Count = 1, JobId = job }, Token);
    }

    private Task<bool> StaysAsync(StatusCode refusal, Func<OrchestrationMetadata?> find) =>
        StaysAsync(refusal, _ => find(), "batches/b1.ndjson");

    private async Task<bool> StaysAsync(StatusCode refusal, Func<string, OrchestrationMetadata?> find, string staging)
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        var blob = app.Container("staging").GetBlobClient(staging);
        await blob.UploadAsync(
            BinaryData.FromString("""{"container":"images","name":"a.png"}""" + "\n"), Token);
        await using var client = new FakeDurableClient(refusal, find);

        await new BatchEvents(app.Services.GetRequiredService<DetectionWriter>(), NullLogger<BatchEvents>.Instance)
            .RaiseAsync(client, new BatchDetected("b1", blob.Name, 0, 0, 1), Token);

        return await blob.ExistsAsync(Token);
    }
}
