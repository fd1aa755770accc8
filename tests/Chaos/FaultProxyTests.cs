using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Nanodet.Serverless.Chaos.Tests.Faults;
using Nanodet.Serverless.Chaos.Tests.Running;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>The proxy between the app and storage.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private const string AwkwardName = "a b/ü+%2B&=(1)~#?.txt";

    private readonly string _folder = Directory.CreateTempSubdirectory("nanodet-proxy-").FullName;
    private StorageProcess? _storage;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FaultProxy Proxy => _storage!.Proxy;

    public async ValueTask InitializeAsync() => _storage = await StorageProcess.StartAsync(_folder, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _storage!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Forward_NoFaults_EveryServiceIsAsWithoutTheProxy()
    {
        var container = await ContainerAsync();
        await container.GetBlobClient(AwkwardName).UploadAsync(BinaryData.FromString("content"), Cancellation);
        var names = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: Cancellation))
        {
            names.Add(blob.Name);
        }

        Assert.Equal([AwkwardName], names);
        Assert.Equal("content", (await container.GetBlobClient(AwkwardName).DownloadContentAsync(Cancellation)).Value.Content.ToString());

        var queue = new QueueClient(Proxy.ConnectionString, "messages");
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync("message", Cancellation);
        var message = (await queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value;
        await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        Assert.Equal("message", message.MessageText);

        var table = new TableClient(Proxy.ConnectionString, "rows");
        await table.CreateAsync(Cancellation);
        await table.SubmitTransactionAsync(
            Enumerable.Range(0, 3).Select(i => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", $"{i}"))),
            Cancellation);
        Assert.Equal(3, await table.QueryAsync<TableEntity>(cancellationToken: Cancellation).CountAsync(Cancellation));
        Assert.Equal(0, Proxy.Faults);
    }

    [Theory]
    [InlineData(nameof(FaultKind.Busy), false, 503, "ServerBusy")]
    [InlineData(nameof(FaultKind.TimedOut), false, 500, "OperationTimedOut")]
    [InlineData(nameof(FaultKind.TimedOutAfter), true, 500, "OperationTimedOut")]
    [InlineData(nameof(FaultKind.ResetBefore), false, 0, null)]
    [InlineData(nameof(FaultKind.ResetAfter), true, 0, null)]
    public async Task Inject_EveryRequest_FailsAndIsDoneOrNot(string kind, bool isDone, int status, string? code)
    {
        var container = await ContainerAsync();
        Proxy.Inject(Always(kind));
        var failure = await Assert.ThrowsAnyAsync<RequestFailedException>(
            () => container.GetBlobClient("blob").UploadAsync(BinaryData.FromString("content"), Cancellation));
        Proxy.Inject(null);

        Assert.Equal((status, code), (failure.Status, failure.ErrorCode));
        Assert.Equal(isDone, (await container.GetBlobClient("blob").ExistsAsync(Cancellation)).Value);
        Assert.Equal(1, Proxy.Met[Enum.Parse<FaultKind>(kind)]);
    }

    [Fact]
    public async Task Inject_EveryRequest_CalmAddressMeetsNoFault()
    {
        await ContainerAsync();
        Proxy.Inject(Always(nameof(FaultKind.Busy)));

        var container = new BlobContainerClient(Proxy.CalmConnectionString, "container");

        Assert.True((await container.ExistsAsync(Cancellation)).Value);
        Assert.Equal(0, Proxy.Faults);
    }

    [Fact]
    public async Task Inject_Delay_IsDoneLate()
    {
        var container = await ContainerAsync();
        Proxy.Inject(Always(nameof(FaultKind.Delay)) with { LongestDelay = TimeSpan.FromMilliseconds(50) });

        await container.GetBlobClient("blob").UploadAsync(BinaryData.FromString("content"), Cancellation);

        Assert.Equal(1, Proxy.Met[FaultKind.Delay]);
    }

    [Fact]
    public void Next_SameSeed_SameDecisionsInTheStatedShare()
    {
        var (one, other, different) = (new FaultRules(7, 0.1), new FaultRules(7, 0.1), new FaultRules(8, 0.1));
        var decisions = Enumerable.Range(0, 10_000).Select(_ => one.Next()).ToList();

        Assert.Equal(decisions, Enumerable.Range(0, 10_000).Select(_ => other.Next()));
        Assert.NotEqual(decisions, Enumerable.Range(0, 10_000).Select(_ => different.Next()));
        Assert.InRange(decisions.Count(decision => decision.Kind != FaultKind.None), 900, 1100);
        Assert.Equal(Enum.GetValues<FaultKind>().Order(), decisions.Select(decision => decision.Kind).Distinct().Order());
    }

    [Fact]
    public async Task Kill_StorageWhileRequestsCome_KeepsWhatWasAcknowledgedAndAddresses()
    {
        var container = await ContainerAsync();
        await container.GetBlobClient("before").UploadAsync(BinaryData.FromString("content"), Cancellation);
        var queue = new QueueClient(Proxy.ConnectionString, "messages");
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync("message", Cancellation);

        var kill = _storage!.KillAsync(Cancellation);
        var calm = new BlobContainerClient(Proxy.CalmConnectionString, "container");
        await calm.GetBlobClient("meanwhile").UploadAsync(BinaryData.FromString("content"), Cancellation);
        await kill;

        var blobs = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(GetBlobsOptions, Cancellation))
        {
            blobs.Add(blob.Name);
        }

        Assert.Equal(["before", "meanwhile"], blobs);
        Assert.Equal("message", (await queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value.MessageText);
    }

    private static GetBlobsOptions GetBlobsOptions => new();

    private static FaultRules Always(string kind) => new(1, 1) { Kinds = [Enum.Parse<FaultKind>(kind)] };

    /// <summary>A container through the proxy, by a client that tries once.</summary>
    private async Task<BlobContainerClient> ContainerAsync()
    {
        var options = new BlobClientOptions();
        options.Retry.MaxRetries = 0;
        var container = new BlobContainerClient(Proxy.ConnectionString, "container", options);
        await container.CreateAsync(cancellationToken: Cancellation);
        return container;
    }
}
