using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>A JSON body with a status, written by a source-generated contract.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="body">UTF-8 JSON.</param>
/// <param name="contentType">Its media type.</param>
/// <param name="location">The <c>Location</c> header, or null.</param>
internal sealed class JsonAnswer(int status, ReadOnlyMemory<byte> body, string contentType, string? location = null) : IResult
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
        if (location is not null)
        {
            response.Headers.Location = location;
        }

        await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }
}
