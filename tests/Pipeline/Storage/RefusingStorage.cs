using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>Storage that refuses some requests, as rights, policies and keys of an account in Azure do; Azurite has none of them.</summary>
internal sealed class RefusingStorage() : DelegatingHandler(new SocketsHttpHandler())
{
    /// <summary>Which requests are refused: the status and the error code, or null.</summary>
    public Func<HttpRequestMessage, (HttpStatusCode Status, string Code)?> Refuse { get; set; } = _ => null;

    /// <summary>Storage that answers 409 to one method on the blobs whose names end so: a lease, a legal hold, the archive tier.</summary>
    public static RefusingStorage Conflict(HttpMethod method, string ending, string code) => new()
    {
        Refuse = request => request.Method == method && request.RequestUri!.AbsolutePath.EndsWith(ending, StringComparison.Ordinal)
            ? (HttpStatusCode.Conflict, code)
            : null,
    };

    /// <summary>Clients of an app's account that go through it.</summary>
    public StorageClients ClientsOf(TestApp app) => TransportClients.Create(app.Services, this);

    /// <summary>Puts it between an app and its account.</summary>
    public void AddTo(IServiceCollection services) => services.AddSingleton(provider => TransportClients.Create(provider, this));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Refuse(request) is not { } refusal)
        {
            return base.SendAsync(request, cancellationToken);
        }

        var answer = new HttpResponseMessage(refusal.Status) { RequestMessage = request, Content = new ByteArrayContent([]) };
        answer.Headers.Add("x-ms-error-code", refusal.Code);
        return Task.FromResult(answer);
    }
}
