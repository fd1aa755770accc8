using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Serverless.LocalHost.Azurite;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class AzuriteServerTests(StorageFixture storage)
{
    [Fact]
    public async Task DisposeAsync_AfterUpload_KeepsDataForTheNextStart()
    {
        var directory = Directory.CreateTempSubdirectory("azurite-");
        var log = Path.Combine(directory.FullName, "access.log");
        var options = new AzuriteOptions { DataDirectory = Path.Combine(directory.FullName, "data"), AccessLogPath = log };
        int first;
        await using (var azurite = await AzuriteServer.StartAsync(options, storage.Logs, cancellationToken: TestContext.Current.CancellationToken))
        {
            first = azurite.ProcessId;
            var container = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("kept");
            await container.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
            await container.UploadBlobAsync("blob", BinaryData.FromString("still here"), TestContext.Current.CancellationToken);
        }

        Assert.False(ChildHost.IsAlive(first));
        await using (var azurite = await AzuriteServer.StartAsync(options, storage.Logs, cancellationToken: TestContext.Current.CancellationToken))
        {
            var blob = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("kept").GetBlobClient("blob");
            var content = await blob.DownloadContentAsync(TestContext.Current.CancellationToken);
            Assert.Equal("still here", content.Value.Content.ToString());
        }

        var operations = await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken);
        Assert.Single(operations, line => line.Contains("\"PUT /devstoreaccount1/kept/blob", StringComparison.Ordinal));
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Queue_StalePopReceipt_IsNotFound()
    {
        var queue = new QueueClient(storage.Azurite.ConnectionString, "receipts");
        await queue.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        await queue.SendMessageAsync("message", TestContext.Current.CancellationToken);
        var message = (await queue.ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken)).Value;
        var renewed = (await queue.UpdateMessageAsync(
            message.MessageId, message.PopReceipt, cancellationToken: TestContext.Current.CancellationToken)).Value;

        var update = await Assert.ThrowsAsync<RequestFailedException>(() => queue.UpdateMessageAsync(
            message.MessageId, message.PopReceipt, cancellationToken: TestContext.Current.CancellationToken));
        var delete = await Assert.ThrowsAsync<RequestFailedException>(() => queue.DeleteMessageAsync(
            message.MessageId, message.PopReceipt, TestContext.Current.CancellationToken));

        Assert.Equal((404, "MessageNotFound"), (update.Status, update.ErrorCode));
        Assert.Equal((404, "MessageNotFound"), (delete.Status, delete.ErrorCode));
        await queue.DeleteMessageAsync(message.MessageId, renewed.PopReceipt, TestContext.Current.CancellationToken);
    }
}
