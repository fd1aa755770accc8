using Microsoft.AspNetCore.Http;
using Nanodet.Serverless.Exports.Downloads;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>An export, to be saved as a file.</summary>
/// <param name="export">The export; it is disposed of.</param>
internal sealed class ExportAnswer(TemporaryExport export) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var content = export.Content;
        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = export.ContentType;
        response.ContentLength = content.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = $"attachment; filename=\"{export.FileName}\"";
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await content.CopyToAsync(response.Body, httpContext.RequestAborted);
        }
    }
}
