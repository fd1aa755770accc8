using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>A connection as the configuration has it: a connection string, or two addresses and an identity.</summary>
internal sealed record StorageConnection
{
    private const string PublicSuffix = "core.windows.net";

    /// <summary>Null where an identity is used.</summary>
    internal string? ConnectionString { get; private init; }

    internal Uri? BlobService { get; private init; }

    internal Uri? QueueService { get; private init; }

    /// <summary>Lower case; null for whatever the environment offers.</summary>
    internal string? Credential { get; private init; }

    /// <summary>The client id of a user-assigned identity.</summary>
    internal string? ClientId { get; private init; }

    [MemberNotNullWhen(true, nameof(ConnectionString))]
    [MemberNotNullWhen(false, nameof(BlobService), nameof(QueueService))]
    internal bool HasConnectionString => ConnectionString is not null;

    /// <summary>Reads a connection by the conventions of the Functions host.</summary>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidStorageSettings"/>.</exception>
    internal static StorageConnection Read(IConfiguration configuration, string name)
    {
        string[] candidates = [name, $"ConnectionStrings:{name}", $"AzureWebJobs{name}"];
        foreach (var section in candidates.Select(configuration.GetSection))
        {
            if (!string.IsNullOrWhiteSpace(section.Value))
            {
                return new StorageConnection { ConnectionString = section.Value };
            }

            if (section.GetChildren().Any())
            {
                return ReadIdentity(section, name);
            }
        }

        throw Invalid(
            $"Expected the setting '{name}' with a connection string, or '{name}__accountName', or '{name}__blobServiceUri' and "
            + $"'{name}__queueServiceUri'; found none.");
    }

    private static StorageConnection ReadIdentity(IConfigurationSection section, string name)
    {
        var account = section["accountName"];
        var shared = section["serviceUri"];
        var blob = ReadUri(section, name, "blobServiceUri")
            ?? ReadUri(section, name, "serviceUri")
            ?? (string.IsNullOrWhiteSpace(account) ? null : new Uri($"https://{account}.blob.{PublicSuffix}"));
        var queue = ReadUri(section, name, "queueServiceUri")
            ?? (blob is not null && shared is not null ? Sibling(blob) : null)
            ?? (string.IsNullOrWhiteSpace(account) ? null : new Uri($"https://{account}.queue.{PublicSuffix}"));
        var credential = section["credential"]?.Trim().ToLowerInvariant();
        if (credential is not (null or "" or "managedidentity"))
        {
            throw Invalid($"'{name}__credential': expected 'managedidentity' or nothing, found '{credential}'.");
        }

        return new StorageConnection
        {
            BlobService = blob ?? throw Invalid($"Expected '{name}__accountName' or '{name}__blobServiceUri', found neither."),
            QueueService = queue ?? throw Invalid($"Expected '{name}__accountName' or '{name}__queueServiceUri', found neither."),
            Credential = credential is { Length: > 0 } ? credential : null,
            ClientId = section["clientId"] is { Length: > 0 } clientId ? clientId : null,
        };
    }

    private static Uri? Sibling(Uri blob) => blob.Host.Contains(".blob.", StringComparison.OrdinalIgnoreCase)
        ? new UriBuilder(blob) { Host = blob.Host.Replace(".blob.", ".queue.", StringComparison.OrdinalIgnoreCase) }.Uri
        : null;

    private static Uri? ReadUri(IConfigurationSection section, string name, string key)
    {
        if (string.IsNullOrWhiteSpace(section[key]))
        {
            return null;
        }

        return Uri.TryCreate(section[key], UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? uri
            : throw Invalid($"'{name}__{key}': expected an address such as https://account.blob.{PublicSuffix}, found none.");
    }

    private static PipelineException Invalid(string message) => new(PipelineErrorCodes.InvalidStorageSettings, message);
}
