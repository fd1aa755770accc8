using System.CommandLine;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet submit</c>: starts a bulk job over images in storage.</summary>
internal static class SubmitCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only blobs whose name begins so; default: all." };
        var container = new Option<string?>("--container") { Description = "Container of the images; default: the app's." };
        var filter = new Option<string?>("--filter")
        {
            Description = "Glob that names have to match behind the last slash of the prefix, such as '**/*.jpg'.",
        };
        var score = CommonOptions.AppScore();
        var fast = CommonOptions.FastDecode();
        var more = new JobArguments();
        var force = new Option<bool>("--force") { Description = "Detect images even where the same result is there already." };
        var onlyFailed = new Option<bool>("--only-failed") { Description = "Only images whose last result says failed." };
        var includeCrashed = new Option<bool>("--include-crashed")
        {
            Description = "With --only-failed: also images at which workers crashed (worker_crashed).",
        };
        var threshold = new Option<string?>("--error-threshold")
        {
            Description = "Failures that end the job: a count, a percentage such as 5%, or -1 for never.",
        };
        threshold.Validators.Add(result =>
        {
            try
            {
                ErrorThreshold.Parse(result.Tokens[0].Value);
            }
            catch (PipelineException exception)
            {
                result.AddError($"{threshold.Name}: {exception.Message}");
            }
        });
        var pictures = new Option<BatchPictures?>("--pictures")
        {
            Description = "Also store pictures of the detected images: boxes, thumbnails or both.",
        };
        var webhook = new Option<string?>("--webhook")
        {
            Description = "Where the end of the job is posted; the app's settings list its host.",
        };
        var watch = new Option<bool>("--watch") { Description = "Follow the job to its end." };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server);
        var json = CommonOptions.Json();
        var choices = new ChoiceOptions();
        var command = new Command("submit", "Start a job over the images in storage.")
        {
            prefix, container, filter, score, fast, force, onlyFailed, includeCrashed, threshold, pictures, webhook, watch, json,
        };
        more.AddTo(command, [prefix, filter], onlyFailed);
        target.AddTo(command);
        choices.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await target.ConnectAsync(parsed, cancellationToken);
            var requested = more.Options(parsed, parsed.GetValue(score), parsed.GetValue(fast));
            var request = new JobRequest
            {
                All = !parsed.GetValue(onlyFailed) && !more.NamesImages(parsed)
                    && string.IsNullOrEmpty(parsed.GetValue(prefix))
                    && string.IsNullOrEmpty(parsed.GetValue(filter)),
                Prefix = parsed.GetValue(prefix),
                Container = parsed.GetValue(container),
                Filter = parsed.GetValue(filter),
                Options = choices.IsUsed(parsed)
                    ? choices.ToRequest(parsed, requested ?? new DetectionRequestOptions())
                    : requested,
                Force = parsed.GetValue(force),
                OnlyFailed = parsed.GetValue(onlyFailed),
                IncludeCrashed = parsed.GetValue(includeCrashed),
                Pictures = parsed.GetValue(pictures),
                Webhook = parsed.GetValue(webhook),
                ErrorThreshold = parsed.GetValue(threshold) is { } text ? ErrorThreshold.Parse(text) : ErrorThreshold.Never,
            };
            request = await more.CompleteAsync(parsed, request, target, client, cancellationToken);
            request = client.WithId(request);
            JobStatus job;
            try
            {
                job = await client.StartAsync(request, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync(
                    $"job {request.Id} may have begun: 'nanodet job {request.Id}{target.Again(parsed)}' tells");
                throw;
            }

            return await AnswerAsync(
                client, job, parsed.GetValue(watch), target.Again(parsed), new Report(parsed.GetValue(json)), cancellationToken);
        });
        return command;
    }

    /// <summary>Answers with a job that was started, or follows it to its end.</summary>
    /// <param name="client">The app.</param>
    /// <param name="job">The job.</param>
    /// <param name="watch">Whether it is followed.</param>
    /// <param name="target">The options that name the app again, for the command that the answer proposes.</param>
    /// <param name="report">Where the answer goes.</param>
    /// <param name="cancellationToken">Ends the wait, not the job.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> AnswerAsync(
        AppClient client, JobStatus job, bool watch, string target, Report report, CancellationToken cancellationToken)
    {
        if (watch)
        {
            // First of all: who interrupts the wait has to know what goes on.
            await Console.Error.WriteLineAsync($"job {job.JobId} has begun");
            return await WatchCommand.FollowAsync(client, job.JobId, target, report, cancellationToken);
        }

        report.Write(job, JobJson.Default.JobStatus, (console, started) => console.MarkupLineInterpolated(
            $"job {started.JobId}: follow it with 'nanodet watch {started.JobId}{target}'"));
        return ExitCode.Ok;
    }
}
