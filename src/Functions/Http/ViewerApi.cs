using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Reading;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/viewer</c> and <c>/api/openapi.json</c>: the page, and the description of the API that it uses.</summary>
/// <param name="links">Knows where images come from.</param>
/// <param name="app">Knows what it has functions for.</param>
public sealed class ViewerApi(ImageLinks links, AppIdentity app)
{
    /// <summary>
    /// <c>GET /api/viewer/{path}</c>: the viewer's files. They need no key, because a browser has none before the page asks for it, and
    /// they are the same for everybody: all data come from functions with a key.
    /// </summary>
    [Function("Viewer")]
    public IResult Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "viewer/{*path}")] HttpRequest request, string? path)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        if (string.IsNullOrEmpty(path) && request.Path.Value?.EndsWith('/') is false)
        {
            // The page's own addresses are relative to its folder.
            return Results.Redirect($"{request.PathBase}{request.Path}/{request.QueryString}");
        }

        if (path == ViewerConfig.Path)
        {
            return new FileAnswer(
                ViewerConfig.OfApp(app.Role != AppRole.Coordinator, ExportFormats.Names, FailureCodes.Retryable),
                ViewerConfig.ContentType,
                ViewerHeaders.OfPage(links.Origin));
        }

        return ViewerFiles.Find(path) is { } file
            ? new FileAnswer(file.Content, file.ContentType, ViewerHeaders.OfPage(links.Origin), file.Etag)
            : Problem.Result(
                StatusCodes.Status404NotFound,
                "file_not_found",
                "There is no such file",
                "Expected a file of the viewer, found none; the page is /api/viewer/.");
    }

    /// <summary><c>GET /api/openapi.json</c>: the API as OpenAPI 3.1.</summary>
    [Function("GetOpenApi")]
    public static IResult GetOpenApi(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "openapi.json")] HttpRequest request) =>
        RequestQuery.Refuse(request) ?? new JsonAnswer(StatusCodes.Status200OK, OpenApiDocument.Utf8Json, JsonAnswer.Json);

    /// <summary><c>GET /api/schemas/detection-result.v1.schema.json</c>: the schema of a result.</summary>
    [Function("GetResultSchema")]
    public static IResult GetResultSchema(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "schemas/detection-result.v1.schema.json")] HttpRequest request) =>
        RequestQuery.Refuse(request) ?? new JsonAnswer(StatusCodes.Status200OK, OpenApiDocument.ResultSchema, JsonAnswer.Json);
}
