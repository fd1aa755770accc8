using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

public sealed class StorageTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ensure_Twice_ChangesNothing()
    {
        await using var app = await TestApp.CreateAsync(fixture, new Dictionary<string, string?> { ["Nanodet:Storage:MoreImages:0"] = "more-images" });
        await app.UploadAsync("a.png");
        await app.Get<StorageSetup>().EnsureAsync(Token);

        Assert.Single(await TestApp.ListBlobsAsync(app.Images));
        foreach (var name in new[] { "images", "detections", "models", "checkpoints", "jobs", "staging" })
        {
            Assert.True(await app.Container(name).ExistsAsync(Token));
        }

        foreach (var name in new[] { "images", "batches", "events", "images-poison", "batches-poison", "events-poison" })
        {
            Assert.True(await app.Clients.Queues.GetQueueClient($"{app.Prefix}-{name}").ExistsAsync(Token));
        }

        Assert.True(await app.Clients.Blobs.GetBlobContainerClient("more-images").ExistsAsync(Token));
    }

    [Fact]
    public async Task Start_StorageThatDoesNotAnswerInTime_CreatesWhatIsMissingLater()
    {
        using var storage = new FaultyStorage();
        storage.Find = _ => storage.Faults == 0 ? FaultyStorage.Timeout() : null;
        var time = new FakeTimeProvider();
        await using var app = TestApp.CreateWithoutStorage(fixture, [], storage.AddTo);
        using var service = new StorageSetupService(
            app.Get<StorageSetup>(), app.Get<IOptions<StorageOptions>>(), time, NullLogger<StorageSetupService>.Instance);
        await service.StartAsync(Token);
        await Poll.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return service.ExecuteTask!.IsCompleted;
            },
            "created",
            Token);

        await service.ExecuteTask!;
        Assert.Equal(1, storage.Faults);
        Assert.True(await app.Staging.ExistsAsync(Token));
    }

    [Fact]
    public async Task Send_Message_IsBase64AndNeverExpires()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var image = new ImageMessage { Container = "images", Name = "ü.png" };
        await app.Get<MessageQueues>().SendImageAsync(image, Token);

        // As the Functions host sees it: the text of the message itself.
        var raw = new Azure.Storage.Queues.QueueServiceClient(fixture.Azurite.ConnectionString).GetQueueClient($"{app.Prefix}-images");
        QueueMessage message = await raw.ReceiveMessageAsync(cancellationToken: Token);
        var read = MessageReader.ReadImage(Convert.FromBase64String(message.MessageText));

        // Other tests of this process listen, so that there may be a trace.
        Assert.Equal(image, read with { QueuedUtc = null, Traceparent = null });
        Assert.InRange(TimeProvider.System.GetUtcNow() - read.QueuedUtc!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Assert.True(message.ExpiresOn > TimeProvider.System.GetUtcNow().AddYears(100));
    }

    [Fact]
    public void Read_ConnectionString_WinsUnderItsThreeNames()
    {
        foreach (var key in new[] { "IMAGES", "ConnectionStrings:IMAGES", "AzureWebJobsIMAGES" })
        {
            Assert.Equal("UseDevelopmentStorage=true", Read((key, "UseDevelopmentStorage=true")).ConnectionString);
        }
    }

    [Fact]
    public void Read_AccountName_GivesTheAddresses()
    {
        var connection = Read(("IMAGES:accountName", "photos"), ("IMAGES:credential", "managedIdentity"), ("IMAGES:clientId", "id"));
        Assert.False(connection.HasConnectionString);
        Assert.Equal("https://photos.blob.core.windows.net/", connection.BlobService!.ToString());
        Assert.Equal("https://photos.queue.core.windows.net/", connection.QueueService!.ToString());
        Assert.Equal(("managedidentity", "id"), (connection.Credential, connection.ClientId));
    }

    [Fact]
    public void Read_ServiceUris_AreTaken()
    {
        var connection = Read(("IMAGES:blobServiceUri", "https://a.blob.core.chinacloudapi.cn"), ("IMAGES:queueServiceUri", "https://b.queue.x"));
        Assert.Equal(("a.blob.core.chinacloudapi.cn", "b.queue.x"), (connection.BlobService!.Host, connection.QueueService!.Host));
        Assert.Null(connection.Credential);
        Assert.Equal("a.queue.x", Read(("IMAGES:serviceUri", "https://a.blob.x")).QueueService!.Host);
    }

    [Theory]
    [InlineData("OTHER", "x")]
    [InlineData("IMAGES:credential", "managedidentity")]
    [InlineData("IMAGES:blobServiceUri", "https://a.blob.x")]
    [InlineData("IMAGES:blobServiceUri", "nowhere")]
    [InlineData("IMAGES:credential", "secret")]
    public void Read_NoConnection_IsRefused(string key, string value) => Assert.Equal(
        PipelineErrorCodes.InvalidStorageSettings, Assert.Throws<PipelineException>(() => Read((key, value))).Code);

    [Theory]
    [InlineData("AccountName=a;AccountKey=c2VjcmV0!!")]
    [InlineData("c2VjcmV0")]
    public void Clients_BadConnectionString_IsRefusedWithoutQuotingIt(string text)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = text })
            .Build();
        var exception = Assert.Throws<PipelineException>(
            () => new StorageClients(configuration, Microsoft.Extensions.Options.Options.Create(new StorageOptions())));
        Assert.DoesNotContain("c2VjcmV0", exception.ToString());
    }

    [Theory]
    [InlineData("images", true)]
    [InlineData("a-1", true)]
    [InlineData("ab", false)]
    [InlineData("a--b", false)]
    [InlineData("-ab", false)]
    [InlineData("ab-", false)]
    [InlineData("Images", false)]
    [InlineData("$root", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsContainer_Names_AreToldApart(string? name, bool expected) => Assert.Equal(expected, BlobNames.IsContainer(name));

    [Fact]
    public void IsContainer_Length_EndsAt63()
    {
        Assert.True(BlobNames.IsContainer(new string('a', 63)));
        Assert.False(BlobNames.IsContainer(new string('a', 64)));
        Assert.True(BlobNames.IsQueue(new string('a', 56)));
        Assert.False(BlobNames.IsQueue(new string('a', 57)));
    }

    private static StorageConnection Read(params (string Key, string Value)[] settings) => StorageConnection.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build(),
        "IMAGES");
}
