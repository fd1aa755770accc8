using Azure.Storage.Blobs;
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
}
