using Azure;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Reconciliation;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Writing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>No key anywhere: storage by bearer token.</summary>
public sealed class IdentityTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WholeWay_ByIdentity_NeedsNoKey()
    {
        await using var azurite = await OAuthAzurite.StartAsync();
        await using var app = await TestApp.CreateAsync(fixture, azurite.Settings, azurite.With(FakeCredential.Good));
        Assert.Equal("https", app.Clients.Blobs.Uri.Scheme);
        Assert.False(app.Clients.Blobs.CanGenerateAccountSasUri);

        // Model store: publish, point, fetch, verify, warm.
        var names = app.Get<IOptions<StorageOptions>>();
        await app.Get<ModelPublisher>().PublishAsync(TestModel.Bytes, config: null, version: null, Token);
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();

        // Both queues, list, staging, record.
        await app.Get<MessageQueues>().SendImageAsync(await app.UploadAsync("a.png"), Token);
        var image = MessageReader.ReadImage(await ReceiveAsync(app, "images"));
        var batch = await app.ListAsync(image);
        await app.Get<MessageQueues>().SendBatchAsync(new BatchMessage { Batch = batch }, Token);
        Assert.Equal(batch, MessageReader.ReadBatch(await ReceiveAsync(app, "batches")).Batch with { Traceparent = batch.Traceparent });
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);

        // Jobs, dead letters, reconciliation.
        var job = await app.Get<JobStore>().CreateAsync(new JobRequest(), jobId: null, Token);
        Assert.Equal(1, (await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token)).Count);
        await app.Get<PoisonWriter>().WriteEventAsync("no event"u8.ToArray(), problem: null, Token);
        Assert.NotEmpty(await TestApp.ListBlobsAsync(app.Staging, "dead-letters/"));
        Assert.Equal(0, (await app.Get<Reconciler>().RunAsync(Token)).Queued);

        Assert.All(
            await new StorageProbe(app.Clients, names).RunAsync(Token),
            check => Assert.True(check.Passed, $"{check.Name}: {check.Problem}"));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging, "doctor/"));
        Assert.Null((await app.Clients.Queues.GetQueueClient($"{app.Prefix}-events").PeekMessageAsync(Token)).Value);
    }

    [Theory]
    [InlineData("https://other.example", 30)]
    [InlineData(FakeCredential.Storage, -5)]
    public async Task Token_OfAnotherAudienceOrExpired_IsRefusedWithWhatToDo(string audience, int minutes)
    {
        await using var azurite = await OAuthAzurite.StartAsync();
        await using var app = TestApp.CreateWithoutStorage(
            fixture, azurite.Settings, azurite.With(new FakeCredential(audience, TimeSpan.FromMinutes(minutes))));

        var refused = await Assert.ThrowsAsync<RequestFailedException>(() => app.Get<StorageSetup>().EnsureAsync(Token));
        Assert.Equal(403, refused.Status);
        await app.Model.StartAsync(Token);
        await Poll.UntilAsync(() => app.Model.Status.State == WarmModelState.NotReady, $"{app.Model.Status}", Token);

        Assert.Equal(ModelErrorCodes.StorageUnavailable, app.Model.Status.Code);
        foreach (var text in new[] { StorageFailure.Explain(refused)!, app.Model.Status.Reason! })
        {
            Assert.Contains("for the audience https://storage.azure.com, and not expired", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', text);
            Assert.DoesNotContain("eyJ", text, StringComparison.Ordinal);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReceiveAsync(TestApp app, string queue)
    {
        var client = app.Clients.Queues.GetQueueClient($"{app.Prefix}-{queue}");
        return (await client.ReceiveMessageAsync(cancellationToken: Token)).Value.Body.ToMemory();
    }
}
