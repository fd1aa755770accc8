using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>One generation of a job, between two cuts of its history. Deterministic: it only calls its context.</summary>
internal sealed class JobGeneration(TaskOrchestrationContext context, JobRun run)
{
    private readonly TaskOptions _options = Activities.Options(run.Limits.Waits);
    private readonly ErrorThreshold _threshold = ErrorThreshold.Parse(run.ErrorThreshold);
    private readonly Dictionary<string, Task<BatchCounts>> _inFlight = [];
    private JobCounts _counts = run.Counts;
    private int _nextPage = run.NextPage;
    private string? _token = run.ContinuationToken;
    private bool _listed;
    private JobEnd? _end;

    /// <summary>The job as its status shows it.</summary>
    public JobProgress Progress => new(_counts, _nextPage, _listed, run.StartedUtc, _end);

    /// <summary>What the next generation starts from; null when this was the last.</summary>
    public JobRun? Next => _listed || _end is not null
        ? null
        : run with { NextPage = _nextPage, ContinuationToken = _token, Counts = _counts };

    private bool MayList => !_listed && _end is null && _inFlight.Count < run.Limits.PagesInFlight
        && _nextPage < run.NextPage + run.Limits.PagesPerGeneration;

    /// <summary>Runs pages until this generation has had its share and none is in flight.</summary>
    public async Task RunAsync()
    {
        var cancelled = context.WaitForExternalEvent<string>(DetectFolder.Cancelled);
        while (true)
        {
            while (MayList && !cancelled.IsCompleted)
            {
                await ListAsync();
            }

            if (cancelled.IsCompleted)
            {
                // A second cancellation reaches pages again, should the first have been lost on the way.
                cancelled = context.WaitForExternalEvent<string>(DetectFolder.Cancelled);
                EndEarly(new JobEnd(JobStates.Cancelled, "The job was cancelled."));
            }

            context.SetCustomStatus(Progress);
            if (_inFlight.Count == 0)
            {
                return;
            }

            await Task.WhenAny([cancelled, .. _inFlight.Values]);
            await CollectAsync();
        }
    }

    /// <summary>Writes the manifest.</summary>
    public async Task<JobProgress> FinishAsync()
    {
        var state = await context.CallActivityAsync<JobEnd>(nameof(WriteManifest), new ManifestInput(run.JobId, Progress), _options);
        _end = state;
        context.SetCustomStatus(Progress);
        return Progress;
    }

    private async Task ListAsync()
    {
        try
        {
            var input = new ListInput(run.JobId, _nextPage, _token, run.Limits.PageSize);
            var listed = await context.CallActivityAsync<ListedPage>(nameof(ListImages), input, _options);
            (_token, _listed) = (listed.ContinuationToken, listed.ContinuationToken is null);
            _nextPage++;
            if (listed.Page is { Count: > 0 } page)
            {
                _counts = _counts with { Discovered = _counts.Discovered + page.Count };
                _inFlight.Add(page.BatchId, context.CallSubOrchestratorAsync<BatchCounts>(
                    nameof(DetectPage),
                    new DetectPageInput(page, run.Limits.BatchSize, run.Limits.Waits),
                    new SubOrchestrationOptions(instanceId: page.BatchId)));
            }
        }
        catch (TaskFailedException e)
        {
            EndEarly(new JobEnd(JobStates.Failed, $"The folder could not be listed: {e.FailureDetails.ErrorMessage}"));
        }
    }

    private async Task CollectAsync()
    {
        foreach (var (page, counting) in _inFlight.Where(page => page.Value.IsCompleted).ToArray())
        {
            _inFlight.Remove(page);
            _counts = _counts.Plus(await counting);
        }

        if (_end is null && _threshold.IsExceeded(_counts.Failed, _counts.Processed))
        {
            EndEarly(new JobEnd(JobStates.Failed, $"{_counts.Failed} failures are more than the error threshold of {run.ErrorThreshold}."));
        }
    }

    /// <summary>Starts no more pages, and ends the wait of those in flight.</summary>
    private void EndEarly(JobEnd end)
    {
        _end ??= end;
        foreach (var page in _inFlight.Where(page => !page.Value.IsCompleted))
        {
            context.SendEvent(page.Key, DetectPage.Cancelled, string.Empty);
        }
    }
}
