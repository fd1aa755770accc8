using Grpc.Core;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>Starts jobs, and says how far they are.</summary>
/// <param name="store">Has requests and manifests.</param>
/// <param name="starter">Knows the waits of new orchestrations.</param>
/// <param name="options">When a job's history is cut.</param>
/// <param name="timeProvider">The clock.</param>
public sealed class JobClient(
    JobStore store, OrchestrationStarter starter, IOptions<OrchestrationOptions> options, TimeProvider timeProvider)
{
    /// <summary>A job's request is written before its orchestration is started.</summary>
    private static readonly TimeSpan StartGrace = TimeSpan.FromMinutes(1);

    /// <summary>Starts a job.</summary>
    /// <param name="client">The durable client.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="jobId">Null for a new id; with an id a second call is none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="Pipeline.PipelineException">The request is not valid.</exception>
    public async Task<JobStatus> StartAsync(
        DurableTaskClient client, JobRequest request, string? jobId, CancellationToken cancellationToken)
    {
        var job = await store.CreateAsync(request, jobId, cancellationToken);
        return await StartAsync(client, job, cancellationToken);
    }

    /// <summary>Starts a job for a caller who may send the same request again: under its id or its key it stays one job.</summary>
    /// <param name="client">The durable client.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="key">The caller's idempotency key, or null.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job, and whether this call started it.</returns>
    /// <exception cref="Pipeline.PipelineException">The request is not valid, or its id or key came with another one.</exception>
    public async Task<(JobStatus Job, bool IsNew)> StartOnceAsync(
        DurableTaskClient client, JobRequest request, string? key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var (job, isNew) = await store.CreateOnceAsync(request, key, cancellationToken);
        if (!isNew && await WasStartedAsync(client, job.JobId, cancellationToken))
        {
            return ((await FindAsync(client, job.JobId, cancellationToken))!, false);
        }

        // A request whose app ended before it could start the job is started now.
        return (await StartAsync(client, job, cancellationToken), true);
    }

    /// <summary>How far a job is.</summary>
    /// <returns>Null when there is no such job.</returns>
    public async Task<JobStatus?> FindAsync(DurableTaskClient client, string jobId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!JobStore.IsJobId(jobId) || await store.FindAsync(jobId, cancellationToken) is not { } job)
        {
            return null;
        }

        if (await store.FindManifestAsync(jobId, cancellationToken) is { } manifest)
        {
            return JobStatus.From(manifest);
        }

        var instance = await client.GetInstanceAsync(JobStore.InstanceId(jobId), getInputsAndOutputs: true, cancellationToken);
        var progress = await ReadProgressAsync(client, jobId, instance, cancellationToken);
        var status = JobStatus.From(jobId, progress ?? new JobProgress { StartedUtc = job.CreatedUtc }, timeProvider.GetUtcNow());
        return instance?.RuntimeStatus switch
        {
            OrchestrationRuntimeStatus.Failed => status with
            {
                State = JobState.Failed,
                EndedUtc = instance.LastUpdatedAt,
                Error = instance.FailureDetails?.ErrorMessage,
            },
            OrchestrationRuntimeStatus.Terminated => status with { State = JobState.Cancelled, EndedUtc = instance.LastUpdatedAt },
            null when timeProvider.GetUtcNow() - job.CreatedUtc > StartGrace => status with
            {
                State = JobState.Failed,
                Error = "No orchestration knows the job: it was never started, or its history was removed before it had a manifest.",
            },
            _ => status,
        };
    }

    /// <summary>The latest jobs, the latest first.</summary>
    /// <param name="client">The durable client.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="continuation">What the page before gave; null for the latest jobs.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The jobs, and what continues the list; null at its end.</returns>
    /// <exception cref="Pipeline.PipelineException">No page gave that continuation.</exception>
    public async Task<(IReadOnlyList<JobStatus> Jobs, string? Continuation)> ListAsync(
        DurableTaskClient client, int limit, string? continuation, CancellationToken cancellationToken)
    {
        var (ids, next) = await store.ListAsync(limit, continuation, cancellationToken);
        var jobs = await Task.WhenAll(ids.Select(id => FindAsync(client, id, cancellationToken)));
        return ([.. jobs.OfType<JobStatus>()], next);
    }

    /// <summary>Asks a job to end: it lists no more, and what waits for a worker waits no longer. What was done stays.</summary>
    /// <returns>False when it has ended meanwhile.</returns>
    public static async Task<bool> CancelAsync(DurableTaskClient client, string jobId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        try
        {
            await client.RaiseEventAsync(JobStore.InstanceId(jobId), DetectFolder.Cancelled, string.Empty, cancellationToken);
            return true;
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Starts a new job over the failures of one that ended.</summary>
    /// <param name="client">The durable client.</param>
    /// <param name="jobId">The job that ended.</param>
    /// <param name="failureCodes">Only failures with these codes; null for all.</param>
    /// <param name="force">Whether failures are taken that cannot get better, too, and those at which workers crashed.</param>
    /// <param name="key">The caller's idempotency key, or null.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The new job, and whether this call started it; null when there is no such job.</returns>
    /// <exception cref="Pipeline.PipelineException">
    /// A code is none, or one that only a forced retry takes; or the key came with another request.
    /// </exception>
    public async Task<(JobStatus Job, bool IsNew)?> RetryAsync(
        DurableTaskClient client, string jobId, TextList? failureCodes, bool force, string? key, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(jobId, cancellationToken) is not { } job)
        {
            return null;
        }

        var request = new JobRequest
        {
            Container = job.Container,
            Prefix = job.Prefix,
            Filter = job.Filter,
            Options = job.Options,
            Pictures = job.Pictures,
            Webhook = job.Webhook,
            OnlyFailed = true,
            FailureCodes = failureCodes,
            OnlyRetryable = !force,
            IncludeCrashed = force,
            List = job.List,
            Outputs = job.Outputs,
            PageSize = job.PageSize,
            PagesInFlight = job.PagesInFlight,
            BatchSize = job.BatchSize,
        };
        return await StartOnceAsync(client, request, key, cancellationToken);
    }

    private async Task<JobStatus> StartAsync(DurableTaskClient client, JobDefinition job, CancellationToken cancellationToken)
    {
        var progress = new JobProgress { StartedUtc = job.CreatedUtc };
        var run = new JobRun(job, starter.Waits, options.Value.PagesPerGeneration, progress);
        await OrchestrationStarter.StartOnceAsync(client, nameof(DetectFolder), JobStore.InstanceId(job.JobId), run, cancellationToken);
        return JobStatus.From(job.JobId, progress, timeProvider.GetUtcNow());
    }

    private async Task<bool> WasStartedAsync(DurableTaskClient client, string jobId, CancellationToken cancellationToken) =>
        await store.FindManifestAsync(jobId, cancellationToken) is not null
        || await client.GetInstanceAsync(JobStore.InstanceId(jobId), getInputsAndOutputs: false, cancellationToken) is not null;

    /// <summary>Whole pages from the job itself, and what the pages in flight say of themselves.</summary>
    private static async Task<JobProgress?> ReadProgressAsync(
        DurableTaskClient client, string jobId, OrchestrationMetadata? job, CancellationToken cancellationToken)
    {
        if (job?.SerializedCustomStatus is null || job.ReadCustomStatusAs<JobView>() is not { } view)
        {
            return null;
        }

        var pages = await Task.WhenAll(view.PagesInFlight.Select(
            page => client.GetInstanceAsync(DetectPage.InstanceId(jobId, page), getInputsAndOutputs: true, cancellationToken)));
        return pages.Where(page => page?.SerializedCustomStatus is not null)
            .Select(page => page!.ReadCustomStatusAs<BatchCounts>())
            .Aggregate(view.Progress, (sum, page) => page is null ? sum : sum.Add(page));
    }
}
