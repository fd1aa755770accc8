using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/jobs</c>: bulk jobs.</summary>
/// <param name="jobs">Starts them, and says how far they are.</param>
/// <param name="models">Knows the models that a job may name.</param>
/// <param name="bodies">Reads requests.</param>
public sealed class JobsApi(JobClient jobs, ModelCatalog models, BodyReader bodies)
{
    private const string KeyHeader = "Idempotency-Key";
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary>
    /// <c>POST /api/jobs</c> starts a job: 202 with its status. The same request again under its <c>id</c> or its <c>Idempotency-Key</c>
    /// starts nothing: 200 with the status of the job; another request under the same: 409 or 422. 400 for a request that is none, has
    /// a field that none has, or names a model that is not published; 408, 413 or 429 for a body
    /// that is not taken.
    /// </summary>
    [Function("StartJob")]
    public async Task<IResult> StartAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "jobs")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var key = ReadKey(request.Headers);
            using var body = await bodies.ReadAsync(
                request.Body, request.ContentLength, JobStore.MaxRequestBytes, cancellationToken);
            if (body.Fault != BodyFault.None)
            {
                return Problem.BodyRefused(body.Fault, JobStore.MaxRequestBytes, isImage: false);
            }

            var wanted = JobStore.ReadRequest(body.Bytes);
            body.Recycle();
            if (await models.FindProblemAsync(wanted.Options?.Model, cancellationToken) is { } problem)
            {
                return Problem.ModelNotServed(problem);
            }

            var (job, isNew) = await jobs.StartOnceAsync(client, wanted, key, cancellationToken);
            return Answer(isNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK, job);
        }
        catch (PipelineException exception)
        {
            return Refused(exception);
        }
    }

    /// <summary>
    /// <c>GET /api/jobs</c> lists the latest jobs, and older ones page by page: 200, or 400 for a limit out of its range or a continuation
    /// that is none.
    /// </summary>
    [Function("ListJobs")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "jobs")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request, "limit", "continuation") is { } refusal)
        {
            return refusal;
        }

        var limit = DefaultLimit;
        if (request.Query.TryGetValue("limit", out var text)
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            return Problem.InvalidRequest($"limit: expected 1 to {MaxLimit}, found '{text}'.");
        }

        try
        {
            var continuation = request.Query["continuation"] is [{ Length: > 0 } given] ? given : null;
            var (list, next) = await jobs.ListAsync(client, limit, continuation, cancellationToken);
            return JsonAnswer.Of(StatusCodes.Status200OK, new JobList(list, next), ApiJson.Default.JobList);
        }
        catch (PipelineException exception)
        {
            return Refused(exception);
        }
    }

    /// <summary><c>GET /api/jobs/{id}</c> says how far a job is, with counts, rate and time left: 200 or 404.</summary>
    [Function("GetJob")]
    public async Task<IResult> FindAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "jobs/{jobId}")] HttpRequest request,
        string jobId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        return await jobs.FindAsync(client, jobId, cancellationToken) is { } job
            ? JsonAnswer.Of(StatusCodes.Status200OK, job, ApiJson.Default.JobStatus)
            : Problem.JobNotFound(jobId);
    }

    /// <summary><c>DELETE /api/jobs/{id}</c> asks a job to end: 202, 404, or 409 when it has ended.</summary>
    [Function("CancelJob")]
    public async Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "jobs/{jobId}")] HttpRequest request,
        string jobId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        if (await jobs.FindAsync(client, jobId, cancellationToken) is not { } job)
        {
            return Problem.JobNotFound(jobId);
        }

        return job.State == JobState.Running && await JobClient.CancelAsync(client, jobId, cancellationToken)
            ? Accepted(job)
            : Problem.Conflict("job_ended", $"Job {jobId} has ended; only a running job can be cancelled.");
    }

    /// <summary>
    /// <c>POST /api/jobs/{id}/retry</c> starts a new job over the failures of one that ended, without those that cannot get better: 202,
    /// 404, 409 while it runs, or 400 for a query that is none. <c>?failure=CODE,CODE</c> takes failures with these codes only,
    /// <c>?force=true</c> takes every failure. The same request again under its <c>Idempotency-Key</c> starts nothing: 200; another
    /// request under it: 422.
    /// </summary>
    [Function("RetryJob")]
    public async Task<IResult> RetryAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "jobs/{jobId}/retry")] HttpRequest request,
        string jobId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request, "failure", "force") is { } refusal)
        {
            return refusal;
        }

        var force = false;
        if (request.Query.TryGetValue("force", out var text) && !bool.TryParse(text, out force))
        {
            return Problem.InvalidRequest($"force: expected true or false, found '{text}'.");
        }

        TextList? codes = request.Query.TryGetValue("failure", out var failure) ? new TextList(failure.ToString().Split(',')) : null;
        if (await jobs.FindAsync(client, jobId, cancellationToken) is not { } job)
        {
            return Problem.JobNotFound(jobId);
        }

        if (job.State == JobState.Running)
        {
            return Problem.Conflict("job_running", $"Job {jobId} is running; only a job that ended can be retried.");
        }

        try
        {
            return await jobs.RetryAsync(client, jobId, codes, force, ReadKey(request.Headers), cancellationToken) is var (retry, isNew)
                ? Answer(isNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK, retry)
                : Problem.JobNotFound(jobId);
        }
        catch (PipelineException exception)
        {
            return Refused(exception);
        }
    }

    private static IResult Refused(PipelineException exception) => exception.Code switch
    {
        PipelineErrorCodes.JobIdTaken => Problem.Result(
            StatusCodes.Status409Conflict, exception.Code, "Another job has this id", exception.Message),
        PipelineErrorCodes.KeyReused => Problem.Result(
            StatusCodes.Status422UnprocessableEntity, exception.Code, "The key came with another request", exception.Message),
        _ => Problem.InvalidRequest(exception.Message),
    };

    private static JsonAnswer Accepted(JobStatus job) => Answer(StatusCodes.Status202Accepted, job);

    private static JsonAnswer Answer(int status, JobStatus job) =>
        JsonAnswer.Of(status, job, ApiJson.Default.JobStatus, $"/api/jobs/{job.JobId}");

    /// <summary>The header <c>Idempotency-Key</c>, with or without the quotes of a structured field; null without the header.</summary>
    private static string? ReadKey(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(KeyHeader, out var values))
        {
            return null;
        }

        if (values is not [{ } key])
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, $"{KeyHeader}: expected it once, found it {values.Count} times.");
        }

        return key is ['"', .. var quoted, '"'] ? quoted : key;
    }
}

/// <summary>The answer of <c>GET /api/jobs</c>.</summary>
/// <param name="Jobs">The latest first.</param>
/// <param name="Continuation">What continues the list; null at its end.</param>
public sealed record JobList(IReadOnlyList<JobStatus> Jobs, string? Continuation);
