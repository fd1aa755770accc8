using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The app's storage account, with the app's default names.</summary>
internal sealed partial class CloudStorage
{
    private readonly IOptions<StorageOptions> _options = Options.Create(new StorageOptions());

    /// <summary>Connects by a connection string.</summary>
    public CloudStorage(string connectionString)
        : this((string.Empty, connectionString))
    {
    }

    private CloudStorage(params IEnumerable<(string Key, string? Value)> connection)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(connection.Select(setting =>
                KeyValuePair.Create(
                    setting.Key.Length == 0 ? _options.Value.Connection : $"{_options.Value.Connection}:{setting.Key}",
                    setting.Value)))
            .Build();
        Clients = new StorageClients(configuration, _options);
    }

    /// <summary>Whether a text names an account: 3 to 24 lower-case letters and digits, or the https address of a blob service.</summary>
    public static bool IsAccount(string? text) => text is not null
        && (AccountName().IsMatch(text)
            || (Uri.TryCreate(text, UriKind.Absolute, out var service)
                && service.Scheme == Uri.UriSchemeHttps
                && service.Host.Contains(".blob.", StringComparison.Ordinal)));

    /// <summary>Connects by identity: whatever the environment offers.</summary>
    /// <param name="account">The account's name, or the address of its blob service.</param>
    /// <param name="clientId">The client id of a user-assigned identity, or null.</param>
    public static CloudStorage ByIdentity(string account, string? clientId) => new(
        Uri.TryCreate(account, UriKind.Absolute, out _) ? ("serviceUri", account) : ("accountName", account),
        ("clientId", clientId));

    /// <summary>The account.</summary>
    public StorageClients Clients { get; }

    /// <summary>The names of its containers and queues.</summary>
    public StorageOptions Names => _options.Value;

    /// <summary>Tries what the app does there.</summary>
    public StorageProbe Probe => new(Clients, _options);

    /// <summary>Requests, lists and manifests of its jobs.</summary>
    public JobStore Jobs => new(
        Clients, Options.Create(new JobOptions()), _options, Options.Create(new JobEndOptions()), TimeProvider.System);

    /// <summary>Publishes models there.</summary>
    public ModelPublisher Publisher => new(new ModelRegistry(Clients, Options.Create(new WarmModelOptions())));

    [GeneratedRegex("^[a-z0-9]{3,24}$", RegexOptions.CultureInvariant)]
    private static partial Regex AccountName();
}
