using Grpc.Core;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Tests.Publishing;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Tests.Batches;

/// <summary>Finished batches that stay in staging, because the delivery that should have told of them failed for the last time.</summary>
public sealed class LostEventsTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The results get their records where nobody waits for them any more, and stay where somebody does, or may.</summary>
    [Theory]
    [InlineData("batches/b1.ndjson", OrchestrationRuntimeStatus.Completed, null, true)]
    [InlineData("batches/b1.ndjson", OrchestrationRuntimeStatus.Failed, null, true)]
    [InlineData("batches/b1.ndjson", null, null, true)]
    [InlineData("batches/b1.ndjson", OrchestrationRuntimeStatus.Running, null, false)]
    [InlineData("batches/b1.ndjson", OrchestrationRuntimeStatus.Pending, null, false)]
    [InlineData("jobs/j1/batches/b1.ndjson", OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Running, true)]
    [InlineData("jobs/j1/batches/b1.ndjson", OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running, false)]
    [InlineData("jobs/j1/batches/b1.ndjson", null, OrchestrationRuntimeStatus.Running, false)]
    [InlineData("jobs/j1/batches/b1.ndjson", null, OrchestrationRuntimeStatus.Completed, true)]
    [InlineData("jobs/j1/batches/b1.ndjson", null, null, true)]
    public async Task Run_FinishedBatch_IsWrittenWhereNobodyWaitsForIt(
        string staging, OrchestrationRuntimeStatus? batch, OrchestrationRuntimeStatus? job, bool isWritten)
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await StageAsync(app, staging);
        await using var client = Client(instance => instance == "job-j1" ? job : batch);

        await Create(app, After(11)).RunAsync(client, Token);

        Assert.Equal(isWritten, await app.Container("detections").GetBlobClient("images/a.png.json").ExistsAsync(Token));
        Assert.NotEqual(isWritten, await app.Container("staging").GetBlobClient(staging).ExistsAsync(Token));
    }

    [Fact]
    public async Task Run_YoungBatch_MayBeAboutToBeTold()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await StageAsync(app, "batches/b1.ndjson");
        await using var client = Client(_ => OrchestrationRuntimeStatus.Completed);

        await Create(app, After(9)).RunAsync(client, Token);

        Assert.True(await app.Container("staging").GetBlobClient("batches/b1.ndjson").ExistsAsync(Token));
    }

    /// <summary>What cannot be written is tried in the next round, ten minutes later, and keeps nothing else from being written.</summary>
    [Fact]
    public async Task Run_BatchThatCannotBeWritten_IsTriedInTheNextRound()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await StageAsync(app, "batches/b1.ndjson", "no line of a batch\n");
        await StageAsync(app, "batches/b2.ndjson");
        var asked = new List<string>();
        await using var client = Client(instance =>
        {
            asked.Add(instance);
            return OrchestrationRuntimeStatus.Completed;
        });
        var time = After(11);
        var lost = Create(app, time);

        await lost.RunAsync(client, Token);
        Assert.True(await app.Container("staging").GetBlobClient("batches/b1.ndjson").ExistsAsync(Token));
        Assert.False(await app.Container("staging").GetBlobClient("batches/b2.ndjson").ExistsAsync(Token));
        Assert.Contains("batch-b2", asked);

        asked.Clear();
        time.Advance(TimeSpan.FromMinutes(9));
        await lost.RunAsync(client, Token);
        Assert.Empty(asked);

        time.Advance(TimeSpan.FromMinutes(1));
        await lost.RunAsync(client, Token);
        Assert.Contains("batch-b1", asked);
        Assert.DoesNotContain("batch-b2", asked);
    }

    /// <summary>A call looks at some, and the next one at the others.</summary>
    [Fact]
    public async Task Run_ManyBatches_AreLookedAtInTurn()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        string[] names = [.. Enumerable.Range(0, 150).Select(i => $"batches/b{i:D3}"), .. Enumerable.Range(150, 60).Select(i => $"jobs/j1/batches/b{i:D3}")];
        await Parallel.ForEachAsync(names, Token, async (name, _) => await StageAsync(app, name + ".ndjson"));
        var asked = new List<string>();
        await using var client = Client(instance =>
        {
            asked.Add(instance);
            return OrchestrationRuntimeStatus.Running;
        });
        var lost = Create(app, After(11));

        await lost.RunAsync(client, Token);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"batch-b{i:D3}"), asked);

        await lost.RunAsync(client, Token);
        Assert.Equal(Enumerable.Range(0, 210).Select(i => $"batch-b{i:D3}"), asked);
    }

    private static FakeTimeProvider After(int minutes) => new(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(minutes));

    private static FakeDurableClient Client(Func<string, OrchestrationRuntimeStatus?> status) => new(
        StatusCode.FailedPrecondition,
        instance => status(instance) is { } known ? new OrchestrationMetadata("any", instance) { RuntimeStatus = known } : null);

    private static async Task StageAsync(PublishingApp app, string name, string content = BatchEventsTests.Staged + "\n") =>
        await app.Container("staging").GetBlobClient(name).UploadAsync(BinaryData.FromString(content), Token);

    private static LostEvents Create(PublishingApp app, TimeProvider time) => new(
        app.Services.GetRequiredService<BatchStaging>(),
        new BatchEvents(app.Services.GetRequiredService<DetectionWriter>(), NullLogger<BatchEvents>.Instance),
        time,
        NullLogger<LostEvents>.Instance);
}
