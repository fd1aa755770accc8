using System.Net;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>Storage that answers 409 to one method on one blob: what a lease, a legal hold or the archive tier do, which Azurite lacks.</summary>
/// <param name="method">The method.</param>
/// <param name="ending">What the blob's name ends with.</param>
/// <param name="code">The code of the answer.</param>
internal sealed class RefusingStorage(HttpMethod method, string ending, string code) : DelegatingHandler(new SocketsHttpHandler())
{
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

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method != method || !request.RequestUri!.AbsolutePath.EndsWith(ending, StringComparison.Ordinal))
        {
            return base.SendAsync(request, cancellationToken);
        }

        var answer = new HttpResponseMessage(HttpStatusCode.Conflict)
        {
            Content = new StringContent(string.Empty),
            RequestMessage = request,
        };
        answer.Headers.Add("x-ms-error-code", code);
        return Task.FromResult(answer);
    }
}
