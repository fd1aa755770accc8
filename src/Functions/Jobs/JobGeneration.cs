using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>One generation of a job, between two cuts of its history. Deterministic: everything comes from its context.</summary>
internal sealed class JobGeneration(TaskOrchestrationContext context, JobRun run)
{
    private readonly TaskOptions _options = ActivityPolicy.From(run.Waits);
    private readonly SortedDictionary<int, Task<BatchCounts>> _inFlight = [];
    private JobProgress _progress = run.Progress;
    private string? _token = run.Token;
    private JobOutcome? _early;

    /// <summary>What the next generation starts from; null when this was the last.</summary>
    public JobRun? Next => _progress.IsListed || _early is not null ? null : run with { Progress = _progress, Token = _token };

    private bool MayList => !_progress.IsListed && _early is null && _inFlight.Count < run.Job.PagesInFlight
        && _progress.Pages < run.Progress.Pages + run.PagesPerGeneration;

    /// <summary>Runs pages until this generation has had its share and none is in flight.</summary>
    public async Task RunPagesAsync()
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
                EndEarly(new JobOutcome(JobState.Cancelled, "The job was cancelled."));

                // Another cancellation reaches the pages again, should the first have been lost on its way.
                cancelled = context.WaitForExternalEvent<string>(DetectFolder.Cancelled);
            }

            context.SetCustomStatus(new JobView(_progress, [.. _inFlight.Keys]));
            if (_inFlight.Count == 0)
            {
                return;
            }

            await Task.WhenAny([cancelled, .. _inFlight.Values]);
            await CollectAsync();
        }
    }

    /// <summary>Writes the manifest.</summary>
    public async Task<JobOutcome> FinishAsync()
    {
        var state = _early?.State ?? JobState.Completed;
        var ended = new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero);
        var end = new JobEnd(run.Job, _progress, state, ended, _early?.Error, await ExportAsync());
        var outcome = await AskAsync(JobActivities.Write, end, answer => answer.Outcome);
        try
        {
            await context.CallActivityAsync(JobActivities.Announce, run.Job.JobId, _options);
        }
        catch (TaskFailedException exception)
        {
            // Nobody who waits to be told can make a job fail that has its manifest.
            Log.JobEndLost(context.CreateReplaySafeLogger(nameof(DetectFolder)), run.Job.JobId, exception);
        }

        return outcome;
    }

    /// <summary>Exports the results, a part at a time; null where nothing is asked for. A part that fails ends no job.</summary>
    private async Task<IReadOnlyList<JobOutput>?> ExportAsync()
    {
        if (run.Job.Outputs is not { } formats)
        {
            return null;
        }

        var outputs = new List<JobOutput>();
        foreach (var part in JobExport.Split(run.Job, _progress.Pages))
        {
            try
            {
                outputs.AddRange(await AskAsync(JobActivities.Export, part, answer => answer.Outputs));
            }
            catch (TaskFailedException exception)
            {
                outputs.AddRange(formats.Items.Select(format => new JobOutput
                {
                    Format = format,
                    Error = $"{part.Results}: {exception.FailureDetails.ErrorMessage}",
                }));
            }
        }

        return JobOutput.Sum(outputs);
    }

    private Task<T> AskAsync<T>(string activity, object input, Func<JobAnswer, T?> read)
        where T : class =>
        context.AskAsync(activity, input, _options, read, $"job {run.Job.JobId}");

    private async Task ListAsync()
    {
        try
        {
            var request = new JobPageRequest(run.Job, _progress.Pages, _token);
            var page = await AskAsync(JobActivities.List, request, answer => answer.Listed);
            _progress = _progress.Add(page);
            _token = page.NextToken;
            if (page.Count > 0)
            {
                var id = DetectPage.InstanceId(run.Job.JobId, page.Page);
                _inFlight.Add(page.Page, context.CallSubOrchestratorAsync<BatchCounts>(
                    nameof(DetectPage), new PageRun(run.Job, page, run.Waits), new SubOrchestrationOptions(instanceId: id)));
            }
        }
        catch (TaskFailedException exception)
        {
            EndEarly(new JobOutcome(JobState.Failed, $"The images could not be listed: {exception.FailureDetails.ErrorMessage}"));
        }
    }

    private async Task CollectAsync()
    {
        foreach (var (page, counting) in _inFlight.Where(page => page.Value.IsCompleted).ToArray())
        {
            _inFlight.Remove(page);
            try
            {
                _progress = _progress.Add(await counting);
            }
            catch (TaskFailedException exception)
            {
                Log.PageLost(context.CreateReplaySafeLogger(nameof(DetectFolder)), page, exception);
            }
        }

        if (run.Job.ErrorThreshold.IsExceeded(_progress.Failed, _progress.CountProcessed()))
        {
            EndEarly(new JobOutcome(
                JobState.Failed,
                $"{_progress.Failed} of {_progress.CountProcessed()} images failed, more than the error threshold of "
                + $"{run.Job.ErrorThreshold}."));
        }
    }

    /// <summary>Lists no more pages, and ends the wait of those in flight. The first reason stays.</summary>
    private void EndEarly(JobOutcome outcome)
    {
        _early ??= outcome;
        foreach (var (page, _) in _inFlight.Where(page => !page.Value.IsCompleted))
        {
            context.SendEvent(DetectPage.InstanceId(run.Job.JobId, page), DetectPage.Cancelled, string.Empty);
        }
    }
}
