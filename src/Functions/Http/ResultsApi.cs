using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/results</c>: what was found, page by page.</summary>
/// <param name="results">Reads them.</param>
public sealed class ResultsApi(StoredResults results)
{
    /// <summary>
    /// <c>GET /api/results</c>: 200 with results of a job, or records of images, that meet the conditions; 400 for a condition that is
    /// none, 404 for a job that is none. A call does a bounded amount of work: where conditions leave much out, a page may be short or
    /// empty although more follow.
    /// </summary>
    [Function("ListResults")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "results")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request, ResultQuery.Parameters) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var query = ResultQuery.Read(name => request.Query[name] is [{ } value] ? value : null);
            return await results.ReadAsync(query, cancellationToken) is { } page
                ? new JsonAnswer(StatusCodes.Status200OK, page.ToUtf8Json(), JsonAnswer.Json)
                : Problem.JobNotFound(query.JobId!);
        }
        catch (PipelineException exception) when (IsAboutRequest(exception))
        {
            return Refusal(exception);
        }
    }

    /// <summary>
    /// <c>GET /api/results/export</c>: 200 with every result that meets the conditions, as a file in the format that <c>format</c> names. A
    /// class and a lowest score also choose among the detections of an image. 400 for a condition or a format that is none, 404 for a job
    /// that is none, 422 where nothing is left to export.
    /// </summary>
    [Function("ExportResults")]
    public async Task<IResult> ExportAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/export")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request, ResultExport.Parameters) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var export = ResultExport.Read(name => request.Query[name] is [{ } value] ? value : null);
            if (await results.ReadAsync(export.Query with { Limit = 1 }, cancellationToken) is null)
            {
                return Problem.JobNotFound(export.Query.JobId!);
            }

            return new ExportAnswer(await export.WriteAsync(results.ReadAllAsync(export.Query, cancellationToken), cancellationToken));
        }
        catch (PipelineException exception) when (IsAboutRequest(exception))
        {
            return Refusal(exception);
        }
        catch (ExportException exception)
        {
            return Problem.Result(
                StatusCodes.Status422UnprocessableEntity, exception.Code, "The results cannot be exported", exception.Message);
        }
    }

    private static bool IsAboutRequest(PipelineException exception) =>
        exception.Code is PipelineErrorCodes.InvalidRequest or PipelineErrorCodes.InvalidJobId;

    private static IResult Refusal(PipelineException exception) => exception.Code == PipelineErrorCodes.InvalidJobId
        ? Problem.Result(StatusCodes.Status404NotFound, "job_not_found", "There is no such job", exception.Message)
        : Problem.InvalidRequest(exception.Message);
}
