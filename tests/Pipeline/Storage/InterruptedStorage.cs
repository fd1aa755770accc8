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
    public StorageClients ClientsOf(TestApp app) => TransportClients.Create(app.Services, this);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _requests) == index + 1)
        {
            await interrupt();
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
