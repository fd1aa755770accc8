using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/lists</c>: names of images for jobs by list, for whoever cannot write into storage.</summary>
/// <param name="jobs">Keeps them.</param>
/// <param name="bodies">Reads requests.</param>
public sealed class ListsApi(JobStore jobs, BodyReader bodies)
{
    /// <summary>
    /// <c>POST /api/lists</c> keeps a list of names, a line each, under a name that follows from its content: 201, or 200 where it is there
    /// already. 400 for a list without a name; 408, 413 or 429 for a body that is not taken.
    /// </summary>
    [Function("UploadList")]
    public async Task<IResult> UploadAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "lists")] HttpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        using var body = await bodies.ReadAsync(request.Body, request.ContentLength, JobStore.MaxListBytes, cancellationToken);
        if (body.Fault != BodyFault.None)
        {
            return Problem.BodyRefused(body.Fault, JobStore.MaxListBytes, isImage: false);
        }

        try
        {
            var (list, isNew) = await jobs.StoreListAsync(body.Bytes, cancellationToken);
            body.Recycle();
            return JsonAnswer.Of(isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, list, ApiJson.Default.StoredList);
        }
        catch (PipelineException exception) when (exception.Code == PipelineErrorCodes.InvalidRequest)
        {
            return Problem.InvalidRequest(exception.Message);
        }
    }
}
