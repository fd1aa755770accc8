using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Clients of the app's storage account, by connection string or by identity. One of a process; thread-safe.</summary>
public sealed class StorageClients
{
    /// <summary>The blob service.</summary>
    public BlobServiceClient Blobs => throw new NotImplementedException();

    /// <summary>The queue service; messages are base64, as the Functions host reads them.</summary>
    public QueueServiceClient Queues => throw new NotImplementedException();
}
