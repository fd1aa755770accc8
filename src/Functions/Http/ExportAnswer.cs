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
        foreach (var (name, value) in export.Headers)
        {
            response.Headers[name] = value;
        }

        await content.CopyToAsync(response.Body, httpContext.RequestAborted);
    }
}
