using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
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
        if (RequestQuery.FindProblem(request.Query, ResultQuery.Parameters) is { } unknown)
        {
            return Problem.InvalidRequest(unknown);
        }

        try
        {
            var query = ResultQuery.Read(name => request.Query[name] is [{ } value] ? value : null);
            return await results.ReadAsync(query, cancellationToken) is { } page
                ? new JsonAnswer(StatusCodes.Status200OK, page.ToUtf8Json(), JsonAnswer.Json)
                : Problem.JobNotFound(query.JobId!);
        }
        catch (PipelineException exception) when (exception.Code is PipelineErrorCodes.InvalidRequest or PipelineErrorCodes.InvalidJobId)
        {
            return exception.Code == PipelineErrorCodes.InvalidJobId
                ? Problem.Result(StatusCodes.Status404NotFound, "job_not_found", "There is no such job", exception.Message)
                : Problem.InvalidRequest(exception.Message);
        }
    }
}
