using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>The real clients of an app's account, over a transport in which something happens.</summary>
internal static class TransportClients
{
    /// <summary>Makes them.</summary>
    /// <param name="services">The app's, where its connection and the names of its containers are.</param>
    /// <param name="transport">What requests go through.</param>
    /// <param name="retries">How often the clients try again, soon; null for as often and as late as the app's.</param>
    public static StorageClients Create(IServiceProvider services, HttpMessageHandler transport, int? retries = null)
    {
        var http = new HttpClientTransport(transport);
        var (blobs, queues) = (new BlobClientOptions { Transport = http }, new QueueClientOptions { Transport = http });
        if (retries is { } tries)
        {
            (blobs.Retry.MaxRetries, blobs.Retry.Delay) = (tries, TimeSpan.FromMilliseconds(1));
        }

        return new StorageClients(
            services.GetRequiredService<IConfiguration>(), services.GetRequiredService<IOptions<StorageOptions>>(), credential: null, blobs, queues);
    }
}
