using System.CommandLine;
using System.Globalization;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet watch</c>: follows a job to its end.</summary>
internal static class WatchCommand
{
    private const int MostFailures = 60;

    private static readonly Dictionary<string, long> NoCounts = [];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var job = Job();
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server);
        var json = CommonOptions.Json();
        var command = new Command("watch", "Follow a job: images, images per second, time left, failures.") { job, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await target.ConnectAsync(parsed, cancellationToken);
            return await FollowAsync(
                client, parsed.GetRequiredValue(job), target.Again(parsed), new Report(parsed.GetValue(json)), cancellationToken);
        });
        return command;
    }

    /// <summary>The argument that names a job.</summary>
    public static Argument<string> Job() => new("job") { Description = "Id of the job." };

    /// <summary>Follows a job, with a progress bar where someone watches.</summary>
    /// <param name="client">The app.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="target">The options that name the app again, for the command that a message proposes.</param>
    /// <param name="report">Where progress and the answer go.</param>
    /// <param name="cancellationToken">Ends the wait, not the job.</param>
    /// <returns>0 where every image has a result, 1 where some failed or the job did.</returns>
    /// <exception cref="CliException"><c>cancelled</c>: the wait was ended; the job goes on.</exception>
    public static async Task<int> FollowAsync(
        AppClient client, string jobId, string target, Report report, CancellationToken cancellationToken)
    {
        JobStatus job;
        try
        {
            job = await WaitAsync(client, jobId, report, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new CliException("cancelled", $"job {jobId} goes on in the app; follow it with 'nanodet watch {jobId}{target}'.");
        }

        report.Write(job, JobJson.Default.JobStatus, Print);
        return job is { State: JobState.Completed, Failed: 0 }
            ? ExitCode.Ok
            : Report.Fail(
                job.State == JobState.Completed ? "images_failed" : $"job_{JobStateConverter.Text(job.State)}",
                job.Error ?? $"{job.Failed} of {job.Discovered} images failed; their results say why.");
    }

    /// <summary>Waits for the end of a job.</summary>
    /// <returns>How it ended.</returns>
    public static async Task<JobStatus> WaitAsync(AppClient client, string jobId, Report report, CancellationToken cancellationToken)
    {
        var job = await client.FindAsync(jobId, cancellationToken);
        var failures = 0;
        await report.ProgressAsync($"job {jobId}", async progress =>
        {
            while (job.State == JobState.Running)
            {
                var done = job.Detected + job.Failed + job.Skipped;
                progress.Report(Line(job), done, Math.Max(job.Discovered, 1));
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
                try
                {
                    job = await client.FindAsync(jobId, cancellationToken);
                    failures = 0;
                }
                catch (CliException exception)
                    when (exception.Code is "app_unreachable" or "app_unavailable" or "app_refused" && ++failures < MostFailures)
                {
                    // An app that restarts goes on with the job; so does whoever watches it.
                    progress.Report($"{exception.Code}, asking again", done, Math.Max(job.Discovered, 1));
                }
            }
        });
        return job;
    }

    /// <summary>Writes a job for people.</summary>
    public static void Print(IAnsiConsole console, JobStatus job)
    {
        var seconds = ((job.EndedUtc ?? job.StartedUtc) - job.StartedUtc).TotalSeconds;
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"[bold]job {job.JobId}[/] {JobStateConverter.Text(job.State)} after {seconds:0.0} s ({job.ImagesPerSecond:0.0} images/s)");
        console.MarkupLineInterpolated(
            $"{job.Discovered} images: {job.Detected} detected, {job.Failed} failed, {job.Skipped} already there{(job.Filtered > 0 ? $"; {job.Filtered} left out" : "")}");
        CountLines.Print(console, "objects", job.Classes ?? NoCounts);
        CountLines.Print(console, "failures", job.Failures ?? NoCounts);
    }

    private static string Line(JobStatus job) => string.Create(
        CultureInfo.InvariantCulture,
        $"{job.Detected + job.Failed + job.Skipped}/{job.Discovered}{(job.IsListed ? "" : "+")} images, "
        + $"{job.ImagesPerSecond:0.0}/s{(job.Failed > 0 ? $", {job.Failed} failed" : "")}"
        + $"{(job.SecondsLeft is { } left ? $", {left:0} s left" : "")}");
}
