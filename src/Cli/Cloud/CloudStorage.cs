using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Models;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The app's storage account, with the app's default names.</summary>
internal sealed class CloudStorage
{
    private readonly IOptions<StorageOptions> _options = Options.Create(new StorageOptions());

    /// <summary>Connects by a connection string.</summary>
    public CloudStorage(string connectionString)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new(_options.Value.Connection, connectionString)])
            .Build();
        Clients = new StorageClients(configuration, _options);
    }

    /// <summary>The account.</summary>
    public StorageClients Clients { get; }

    /// <summary>The names of its containers and queues.</summary>
    public StorageOptions Names => _options.Value;

    /// <summary>Publishes models there.</summary>
    public ModelPublisher Publisher => new(Clients, _options, Options.Create(new WarmModelOptions()));
}
