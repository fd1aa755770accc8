using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>Storage in which something happens just before the n-th request: what a race can do, without a race.</summary>
/// <param name="index">Which request, from 0.</param>
/// <param name="interrupt">What happens before it, on clients of its own.</param>
internal sealed class InterruptedStorage(int index, Func<Task> interrupt) : DelegatingHandler(new SocketsHttpHandler())
{
    private int _requests;

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Clients of an app's account that go through it.</summary>
    public StorageClients ClientsOf(TestApp app)
    {
        var transport = new HttpClientTransport(this);
        return new StorageClients(
            app.Get<IConfiguration>(),
            app.Get<IOptions<StorageOptions>>(),
            credential: null,
            new BlobClientOptions { Transport = transport },
            new QueueClientOptions { Transport = transport });
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _requests) == index + 1)
        {
            await interrupt();
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
