using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Nanodet.Serverless.Chaos.Tests.Faults;

/// <summary>Passes a request on as it came, and an answer as it came or not at all.</summary>
internal sealed class FaultTransformer(string target, FaultKind kind) : HttpTransformer
{
    private static readonly UriCreationOptions AsItCame = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>The body of an error, as storage writes it, to headers that are set already but for the code.</summary>
    public static Task WriteErrorAsync(HttpContext context, string code)
    {
        context.Response.Headers["x-ms-error-code"] = code;
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync(
            $"""<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>Injected.</Message></Error>""");
    }

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.RequestUri = new Uri(target + httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, AsItCame);
        proxyRequest.Headers.Host = null;
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case FaultKind.ResetAfter when proxyResponse is not null:
                httpContext.Abort();
                return false;
            case FaultKind.TimedOutAfter when proxyResponse is not null:
                httpContext.Response.StatusCode = StatusCodes.Status500InternalServerError;
                await WriteErrorAsync(httpContext, "OperationTimedOut");
                return false;
            default:
                return await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }
}
