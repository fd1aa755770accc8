using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Functions.Roles;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>
/// Says at the start when <c>WEBSITE_HOSTNAME</c> is missing: the host then has no address for webhooks, and every function with a durable
/// client fails with "Webhooks are not configured". App Service, Container Apps of kind functionapp, Core Tools and <c>nanodet up</c>
/// set it; a container that somebody starts does not.
/// </summary>
/// <param name="app">A worker starts no orchestration.</param>
/// <param name="configuration">The settings.</param>
/// <param name="logger">The log.</param>
internal sealed class HostNameCheck(AppIdentity app, IConfiguration configuration, ILogger<HostNameCheck> logger) : IHostedService
{
    /// <summary>The setting.</summary>
    internal const string Setting = "WEBSITE_HOSTNAME";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (app.Role != AppRole.Worker && string.IsNullOrWhiteSpace(configuration[Setting]))
        {
            Log.HostNameMissing(logger, Setting);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
