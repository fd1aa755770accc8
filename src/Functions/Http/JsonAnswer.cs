using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>A JSON body with a status, written by a source-generated contract.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="body">UTF-8 JSON.</param>
/// <param name="contentType">Its media type.</param>
/// <param name="location">The <c>Location</c> header, or null.</param>
/// <param name="retryAfter">The <c>Retry-After</c> header in seconds, or null.</param>
internal sealed class JsonAnswer(
    int status, ReadOnlyMemory<byte> body, string contentType, string? location = null, int? retryAfter = null) : IResult
{
    public const string Json = "application/json; charset=utf-8";

    public static JsonAnswer Of<T>(int status, T value, JsonTypeInfo<T> contract, string? location = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, contract), Json, location);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;

        // A browser is not to guess that a text of somebody else's, such as an image's name, is a page.
        response.Headers.XContentTypeOptions = "nosniff";
        if (location is not null)
        {
            response.Headers.Location = location;
        }

        if (retryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
