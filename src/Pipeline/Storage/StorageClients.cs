using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>
/// Clients of the app's storage account, by connection string or by identity. One of a process; thread-safe. They retry what may
/// pass; nothing here retries again.
/// </summary>
public sealed class StorageClients
{
    private const string EmulatorAccount = "devstoreaccount1";

    private readonly StorageOptions _options;

    /// <summary>Reads the connection that the options name.</summary>
    /// <param name="configuration">Where the connection is.</param>
    /// <param name="options">Its name, and the names of containers and queues.</param>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidStorageSettings"/>.</exception>
    public StorageClients(IConfiguration configuration, IOptions<StorageOptions> options)
        : this(configuration, options, credential: null, new BlobClientOptions(), new QueueClientOptions())
    {
    }

    internal StorageClients(
        IConfiguration configuration,
        IOptions<StorageOptions> options,
        TokenCredential? credential,
        BlobClientOptions blobOptions,
        QueueClientOptions queueOptions)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value;
        var connection = StorageConnection.Read(configuration, _options.Connection);

        // Names are taken as they are. Messages are sent as base64, which every version of the app reads.
        blobOptions.TrimBlobNameSlashes = false;
        queueOptions.MessageEncoding = QueueMessageEncoding.Base64;
        var once = Once(new BlobClientOptions { TrimBlobNameSlashes = false, Transport = blobOptions.Transport });
        var queueOnce = Once(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64, Transport = queueOptions.Transport });
        try
        {
            if (connection.HasConnectionString)
            {
                Blobs = new BlobServiceClient(connection.ConnectionString, blobOptions);
                BlobsWithoutRetry = new BlobServiceClient(connection.ConnectionString, once);
                Queues = new QueueServiceClient(connection.ConnectionString, queueOptions);
                QueuesWithoutRetry = new QueueServiceClient(connection.ConnectionString, queueOnce);
            }
            else
            {
                credential ??= CreateCredential(connection);
                Blobs = new BlobServiceClient(connection.BlobService, credential, blobOptions);
                BlobsWithoutRetry = new BlobServiceClient(connection.BlobService, credential, once);
                Queues = new QueueServiceClient(connection.QueueService, credential, queueOptions);
                QueuesWithoutRetry = new QueueServiceClient(connection.QueueService, credential, queueOnce);
            }
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            // The SDK's message does not quote the text, which may hold a key; neither does this one.
            throw new PipelineException(
                PipelineErrorCodes.InvalidStorageSettings,
                $"'{_options.Connection}': expected a storage connection string, "
                + $"found text that cannot be read as one ({exception.GetType().Name}).");
        }

        Account = new StorageAccount(Blobs.AccountName, Blobs.Uri);
    }

    /// <summary>The blob service.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>The queue service; messages are sent as base64, which every version of the app reads.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>The blob service for callers that retry themselves.</summary>
    internal BlobServiceClient BlobsWithoutRetry { get; }

    /// <summary>The queue service for callers that retry themselves.</summary>
    internal QueueServiceClient QueuesWithoutRetry { get; }

    /// <summary>How URLs of this account's blobs look.</summary>
    internal StorageAccount Account { get; }

    /// <summary>Whether the account is the emulator's, so that this is a developer's machine.</summary>
    internal bool IsEmulated => Blobs.AccountName == EmulatorAccount;

    internal BlobContainerClient Detections => Blobs.GetBlobContainerClient(_options.Detections);

    internal BlobContainerClient Checkpoints => Blobs.GetBlobContainerClient(_options.Checkpoints);

    internal BlobContainerClient Jobs => Blobs.GetBlobContainerClient(_options.Jobs);

    internal BlobContainerClient Staging => Blobs.GetBlobContainerClient(_options.Staging);

    internal BlobContainerClient Models => BlobsWithoutRetry.GetBlobContainerClient(_options.Models);

    internal BlobClient Image(string container, string name) => Blobs.GetBlobContainerClient(container).GetBlobClient(name);

    internal BlockBlobClient ResultsOf(string name) => Jobs.GetBlockBlobClient(name);

    private static TOptions Once<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.Retry.MaxRetries = 0;
        return options;
    }

    private static TokenCredential CreateCredential(StorageConnection connection) => connection switch
    {
        { Credential: not null, ClientId: { } clientId } =>
            new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId)),
        { Credential: not null } => new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned),
        _ => new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = connection.ClientId }),
    };
}
