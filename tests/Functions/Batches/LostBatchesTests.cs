using Grpc.Core;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Tests.Images;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Tests.Batches;

/// <summary>Lists that stay, because the host died before their batch was started, or because they were not removed after it.</summary>
public sealed class LostBatchesTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A host died between the start message and the instance's row: nobody knows the instance.</summary>
    [Fact]
    public async Task Run_ListWithoutInstance_IsStartedAsItWouldHaveBeen()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var options = new DetectionRequestOptions { ScoreThreshold = 0.5f };
        var reference = await WriteAsync(app, options);

        await using var client = await RunAsync(app, () => null);

        var (id, input) = Assert.Single(client.Started);
        Assert.Equal("batch-b1", id);
        Assert.Equal(reference, input.Batch);
        Assert.Equal((2, options), (input.Batch.Count, input.Batch.Options));
        Assert.Equal(2, (await app.Lists.ReadAsync(input.Batch, Token))!.Count);
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Completed, false)]
    [InlineData(OrchestrationRuntimeStatus.Running, true)]
    [InlineData(OrchestrationRuntimeStatus.Pending, true)]
    public async Task Run_ListOfAKnownInstance_GoesWhenItsBatchIsDone(OrchestrationRuntimeStatus status, bool stays)
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var reference = await WriteAsync(app);

        await using var client = await RunAsync(app, () => new OrchestrationMetadata("DetectBatch", "batch-b1") { RuntimeStatus = status });

        Assert.Empty(client.Started);
        Assert.Equal(stays, await app.Lists.ReadAsync(reference, Token) is not null);
    }

    /// <summary>
    /// Results that could not be written ten times wait in staging, and other batches skip their images. A batch that fails again and again
    /// is tried whenever its age has doubled, and once a day in the end.
    /// </summary>
    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Failed, 5, 4, false)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 5, 6, true)]
    [InlineData(OrchestrationRuntimeStatus.Terminated, 5, 6, true)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 0, 1, false)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 0, 3, true)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 300, 290, false)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 300, 310, true)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 20_000, 1_430, false)]
    [InlineData(OrchestrationRuntimeStatus.Failed, 20_000, 1_450, true)]
    public async Task Run_ListOfABatchThatFailed_IsStartedAgainWhenItsAgeHasDoubled(
        OrchestrationRuntimeStatus status, int failedAfterMinutes, int minutesSince, bool starts)
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var reference = await WriteAsync(app);
        var failed = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(failedAfterMinutes);
        await using var client = new FakeDurableClient(
            StatusCode.NotFound, () => new OrchestrationMetadata("DetectBatch", "batch-b1") { RuntimeStatus = status, LastUpdatedAt = failed });

        await Create(app, new FakeTimeProvider(failed + TimeSpan.FromMinutes(minutesSince))).RunAsync(client, Token);

        Assert.Equal(starts ? [("batch-b1", reference)] : [], client.Started.Select(one => (one.InstanceId, one.Input.Batch)));
        Assert.NotNull(await app.Lists.ReadAsync(reference, Token));
    }

    [Fact]
    public async Task Run_StateThatCannotBeRead_LeavesTheList()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var reference = await WriteAsync(app);

        await using var client = await RunAsync(app, () => throw new RpcException(new Status(StatusCode.Unknown, "a column is missing")));

        Assert.Empty(client.Started);
        Assert.NotNull(await app.Lists.ReadAsync(reference, Token));
    }

    [Fact]
    public async Task Run_YoungList_MayBeAboutToBeStarted()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await WriteAsync(app);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var client = new FakeDurableClient(StatusCode.NotFound, () => null);

        await Create(app, time).RunAsync(client, Token);
        Assert.Empty(client.Started);

        time.Advance(TimeSpan.FromMinutes(3));
        await Create(app, time).RunAsync(client, Token);
        Assert.Single(client.Started);
    }

    /// <summary>Under load there are as many lists as batches under way: a call looks at some, and the next one at the others.</summary>
    [Fact]
    public async Task Run_ManyLists_AreLookedAtInTurn()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        string[] ids = [.. Enumerable.Range(0, 210).Select(i => $"b{i:D3}")];
        await Parallel.ForEachAsync(ids, Token, async (id, _) => await WriteAsync(app, id: id));
        var lost = Create(app, new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(3)));
        await using var client = new FakeDurableClient(StatusCode.NotFound, () => null);

        await lost.RunAsync(client, Token);
        Assert.Equal(ids[..200].Select(BatchNames.InstanceId), client.Started.Select(one => one.InstanceId));

        await lost.RunAsync(client, Token);
        Assert.Equal(ids.Select(BatchNames.InstanceId), client.Started.Select(one => one.InstanceId));

        await lost.RunAsync(client, Token);
        Assert.Equal("batch-b000", client.Started[210].InstanceId);
    }

    private static Task<BatchReference> WriteAsync(IntakeApp app, DetectionRequestOptions? options = null, string id = "b1") => app.Lists.WriteAsync(
        new FormedBatch(
            id,
            [.. new[] { "a.jpg", "b.jpg" }.Select(name => new ImageMessage { Container = "images", Name = name, Options = options })]),
        Token);

    private static LostBatches Create(IntakeApp app, TimeProvider time) =>
        new(app.Lists, app.Starter, time, NullLogger<LostBatches>.Instance);

    private static async Task<FakeDurableClient> RunAsync(IntakeApp app, Func<OrchestrationMetadata?> find)
    {
        var client = new FakeDurableClient(StatusCode.NotFound, find);
        await Create(app, new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(3))).RunAsync(client, Token);
        return client;
    }
}
