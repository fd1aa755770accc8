using Microsoft.AspNetCore.Http;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>Bytes with their headers; <c>304</c> for who has them.</summary>
/// <param name="content">The bytes.</param>
/// <param name="contentType">Their media type.</param>
/// <param name="headers">Further headers.</param>
/// <param name="etag">Tells this content from another one, with quotes; null for none.</param>
internal sealed class FileAnswer(
    ReadOnlyMemory<byte> content, string contentType, IReadOnlyList<(string Name, string Value)> headers, string? etag = null) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        foreach (var (name, value) in headers)
        {
            response.Headers[name] = value;
        }

        if (etag is not null)
        {
            response.Headers.ETag = etag;
            if (httpContext.Request.Headers.IfNoneMatch.Contains(etag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = contentType;
        response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(content, httpContext.RequestAborted);
        }
    }
}
