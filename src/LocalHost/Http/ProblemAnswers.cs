using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Nanodet.Serverless.LocalHost.Http;

/// <summary>
/// What every answer has: a header that keeps browsers from guessing, and, where the answer is an error that nobody gave a body, problem
/// details of RFC 9457 with a stable <c>code</c>.
/// </summary>
internal static class ProblemAnswers
{
    // A blob's name of 1,024 characters is up to 9,216 in a query. The server's own limit is higher, so that this answer is possible.
    private const int LongestTarget = 16 << 10;

    /// <summary>The middleware.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(static state =>
        {
            ((HttpResponse)state).Headers.XContentTypeOptions = "nosniff";
            return Task.CompletedTask;
        }, context.Response);

        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (target?.Length > LongestTarget)
        {
            await WriteAsync(
                context,
                StatusCodes.Status414UriTooLong,
                "uri_too_long",
                $"Expected a path and query of at most {LongestTarget} characters.");
            return;
        }

        if (context.Request.ContentLength > HttpFrontEnd.LongestBody)
        {
            // The rest of it is not waited for.
            context.Response.Headers.Connection = "close";
            await WriteAsync(context, StatusCodes.Status413PayloadTooLarge, Code(413), Detail(context, 413));
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = exception.StatusCode;
        }

        if (IsBareError(context.Response))
        {
            var status = context.Response.StatusCode;
            await WriteAsync(context, status, Code(status), Detail(context, status));
        }
    }

    /// <summary>Answers with an error.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">Stable: programs may decide by it.</param>
    /// <param name="detail">What was expected and what was found.</param>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        context.Response.ContentLength = null;
        return Result(status, code, detail).ExecuteAsync(context);
    }

    /// <summary>An error as the result of an endpoint.</summary>
    public static IResult Result(int status, string code, string detail) => Results.Problem(
        detail,
        statusCode: status,
        title: ReasonPhrases.GetReasonPhrase(status),
        type: $"urn:nanodet:{code}",
        extensions: new Dictionary<string, object?> { ["code"] = code });

    private static bool IsBareError(HttpResponse response) =>
        response is { HasStarted: false, StatusCode: >= 400, ContentType: null or "", ContentLength: null or 0 };

    private static string Code(int status) => status switch
    {
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status408RequestTimeout => "body_too_slow",
        StatusCodes.Status413PayloadTooLarge => "body_too_large",
        StatusCodes.Status414UriTooLong => "uri_too_long",
        StatusCodes.Status415UnsupportedMediaType => "unsupported_media_type",
        >= 500 => "internal_error",
        _ => "request_invalid",
    };

    private static string Detail(HttpContext context, int status) => status switch
    {
        StatusCodes.Status404NotFound => $"Nothing answers to {context.Request.Path}; /admin/functions lists what runs here.",
        StatusCodes.Status405MethodNotAllowed =>
            $"Expected {context.Response.Headers.Allow} for {context.Request.Path}, found {context.Request.Method}.",
        StatusCodes.Status413PayloadTooLarge => $"Expected a body of at most {HttpFrontEnd.LongestBody} bytes, found more.",
        StatusCodes.Status415UnsupportedMediaType => $"Expected application/json, found '{context.Request.ContentType}'.",
        >= 500 => "The function failed, or its worker ended; the log has the cause.",
        _ => $"The request cannot be understood ({ReasonPhrases.GetReasonPhrase(status)}).",
    };
}
