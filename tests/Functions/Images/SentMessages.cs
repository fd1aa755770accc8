using System.Collections.Concurrent;
using System.Xml.Linq;

namespace Nanodet.Serverless.Functions.Tests.Images;

/// <summary>What was sent to queues: a message that is hidden cannot be read there.</summary>
internal sealed class SentMessages() : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly ConcurrentQueue<(string Path, string Text)> _sent = new();

    /// <summary>The texts that lie on a queue, as a host hands them over.</summary>
    public IReadOnlyList<string> To(string queue) =>
        [.. _sent.Where(one => one.Path.EndsWith($"/{queue}/messages", StringComparison.Ordinal)).Select(one => one.Text)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Post && request.RequestUri!.AbsolutePath.EndsWith("/messages", StringComparison.Ordinal))
        {
            // The request's content can be read more than once: the client sends it again when it retries.
            var body = XElement.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            _sent.Enqueue((request.RequestUri.AbsolutePath, body.Element("MessageText")!.Value));
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
