using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>From requests about jobs to answers.</summary>
public sealed class JobsApi(JobClient jobs, ModelCatalog models)
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary>Starts a job: 202 with its status, 400 for a request that is none or names a model that is not published.</summary>
    public async Task<IResult> StartAsync(HttpRequest request, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            var wanted = await JobStore.ReadRequestAsync(request.Body, cancellationToken);
            if (await models.FindProblemAsync(wanted.Options?.Model, cancellationToken) is { } problem)
            {
                return Problem.ModelNotServed(problem);
            }

            return Accepted(await jobs.StartAsync(client, wanted, jobId: null, cancellationToken));
        }
        catch (PipelineException e)
        {
            return Problem.InvalidRequest(e.Message);
        }
    }

    /// <summary>Lists the latest jobs.</summary>
    public async Task<IResult> ListAsync(HttpRequest request, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var limit = DefaultLimit;
        if (request.Query.TryGetValue("limit", out var text)
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            return Problem.InvalidRequest($"limit: expected 1 to {MaxLimit}, found '{text}'.");
        }

        var list = await jobs.ListAsync(client, limit, cancellationToken);
        return JsonAnswer.Of(StatusCodes.Status200OK, new JobList(list), ApiJson.Default.JobList);
    }

    /// <summary>Says how far a job is.</summary>
    public async Task<IResult> FindAsync(string jobId, DurableTaskClient client, CancellationToken cancellationToken) =>
        await jobs.FindAsync(client, jobId, cancellationToken) is { } job
            ? JsonAnswer.Of(StatusCodes.Status200OK, job, ApiJson.Default.JobStatus)
            : Problem.JobNotFound(jobId);

    /// <summary>Asks a job to end: 202, or 409 when it has ended.</summary>
    public async Task<IResult> CancelAsync(string jobId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(client, jobId, cancellationToken) is not { } job)
        {
            return Problem.JobNotFound(jobId);
        }

        return job.State == JobStates.Running && await JobClient.CancelAsync(client, jobId, cancellationToken)
            ? Accepted(job)
            : Problem.Conflict("job_ended", $"Job {jobId} has ended; only a running job can be cancelled.");
    }

    /// <summary>Starts a new job over the failures of one that ended: 202, or 409 while it runs.</summary>
    public async Task<IResult> RetryAsync(string jobId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(client, jobId, cancellationToken) is not { } job)
        {
            return Problem.JobNotFound(jobId);
        }

        return job.State == JobStates.Running
            ? Problem.Conflict("job_running", $"Job {jobId} is running; only a job that ended can be retried.")
            : await jobs.RetryAsync(client, jobId, cancellationToken) is { } retry ? Accepted(retry) : Problem.JobNotFound(jobId);
    }

    private static JsonAnswer Accepted(JobStatus job) =>
        JsonAnswer.Of(StatusCodes.Status202Accepted, job, ApiJson.Default.JobStatus, $"/api/jobs/{job.JobId}");
}
