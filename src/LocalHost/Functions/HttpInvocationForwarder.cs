using Microsoft.AspNetCore.Http;
using Nanodet.Serverless.LocalHost.Rpc;
using Nanodet.Serverless.LocalHost.Worker;
using Yarp.ReverseProxy.Forwarder;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>
/// An HTTP function gets its request twice: the invocation over gRPC, and the request itself, forwarded to the worker's own web
/// server. The worker matches the two by a header.
/// </summary>
internal sealed class HttpInvocationForwarder(IHttpForwarder forwarder) : IDisposable
{
    private const string InvocationIdHeader = "x-ms-invocation-id";

    /// <summary>A body of up to this many bytes is sent at once; a longer one, or one without a length, when the worker reads it.</summary>
    private const int SentAtOnce = 64 << 10;

    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = TimeSpan.FromMinutes(30),
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        Expect100ContinueTimeout = Timeout.InfiniteTimeSpan,
    });

    public async Task<InvocationResponse> InvokeAsync(
        WorkerSession worker, InvocationRequest request, HttpContext context, CancellationToken cancellationToken)
    {
        context.Request.Headers[InvocationIdHeader] = request.InvocationId;
        var invocation = worker.InvokeAsync(request, cancellationToken);
        var error = await forwarder.SendAsync(context, worker.HttpAddress!, _client, Config, Transformer.Instance, cancellationToken);
        var cause = context.GetForwarderErrorFeature()?.Exception;
        if (error is ForwarderError.RequestBodyClient or ForwarderError.RequestBodyCanceled)
        {
            // The function fails then, too, and perhaps sooner: the cause is the body.
            await ((Task)invocation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new HttpRequestException($"The request did not reach the worker: {error}.", cause);
        }

        var response = await invocation;
        return error == ForwarderError.None
            ? response
            : throw new HttpRequestException($"The request did not reach the worker: {error}.", cause);
    }

    public void Dispose() => _client.Dispose();

    /// <summary>
    /// A long body waits until the worker reads it: HTTP/1.1 hears no answer before a body has been sent, so what refuses a body unread
    /// (413, 429) would come only after all of it. An error without a body is not begun: whoever called gives it one.
    /// </summary>
    private sealed class Transformer : HttpTransformer
    {
        public static Transformer Instance { get; } = new();

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            if (proxyRequest.Content is not null && httpContext.Request.ContentLength is null or > SentAtOnce)
            {
                proxyRequest.Headers.ExpectContinue = true;
            }
        }

        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            var hasBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            return hasBody
                && proxyResponse is not { IsSuccessStatusCode: false, Content.Headers: { ContentType: null, ContentLength: null or 0 } };
        }
    }
}
