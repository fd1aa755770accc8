using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>Who sends to Azure Monitor, by the setting that the Functions host reads, too: <c>ClientId=…;Authorization=AAD</c>.</summary>
internal static class TelemetryIdentity
{
    /// <summary>The setting.</summary>
    internal const string Setting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>The managed identity that the setting names; null when there is no such setting: the resource takes what comes.</summary>
    /// <exception cref="InvalidOperationException">The setting says something else.</exception>
    internal static TokenCredential? Read(IConfiguration configuration)
    {
        var text = configuration[Setting];
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        string? authorization = null;
        string? clientId = null;
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            switch (part.Split('=', 2, StringSplitOptions.TrimEntries))
            {
                case [var name, var value] when name.Equals("Authorization", StringComparison.OrdinalIgnoreCase):
                    authorization = value;
                    break;
                case [var name, { Length: > 0 } value] when name.Equals("ClientId", StringComparison.OrdinalIgnoreCase):
                    clientId = value;
                    break;
                default:
                    throw Invalid();
            }
        }

        if (!"AAD".Equals(authorization, StringComparison.OrdinalIgnoreCase))
        {
            throw Invalid();
        }

        return new ManagedIdentityCredential(
            clientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId));
    }

    private static InvalidOperationException Invalid() => new(
        $"{Setting}: expected 'Authorization=AAD', or 'ClientId=…;Authorization=AAD' for a user-assigned identity; found another text.");
}
