using System.CommandLine;
using System.Globalization;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>
/// <c>nanodet jobs</c>, <c>job</c>, <c>cancel</c>, <c>retry</c>, <c>failures</c> and <c>results</c>: jobs that were started, here or by
/// somebody else.
/// </summary>
internal static class JobCommands
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;
    private const int WideTable = 80;

    /// <summary>Creates <c>jobs</c>.</summary>
    public static Command CreateList()
    {
        var limit = new Option<int>("--limit")
        {
            Description = $"The largest number of jobs, the latest first, 1 to {MaxLimit}.",
            DefaultValueFactory = _ => DefaultLimit,
        }.Within(1, MaxLimit);
        var continuation = new Option<string>("--continuation")
        {
            Description = "Go on with older jobs: what the list before ended with.",
            HelpName = "ID",
        };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server);
        var json = CommonOptions.Json();
        var command = new Command("jobs", "List the latest jobs.") { limit, continuation, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await target.ConnectAsync(parsed, cancellationToken);
            var jobs = await client.ListAsync(parsed.GetValue(limit), parsed.GetValue(continuation), cancellationToken);
            new Report(parsed.GetValue(json)).Write(jobs, CliJsonContext.Default.JobsReport, Print);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Creates <c>job</c>.</summary>
    public static Command CreateShow()
    {
        var job = WatchCommand.Job();
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server);
        var json = CommonOptions.Json();
        var command = new Command("job", "Show how far a job is, without waiting for it.") { job, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await target.ConnectAsync(parsed, cancellationToken);
            var status = await client.FindAsync(parsed.GetRequiredValue(job), cancellationToken);
            new Report(parsed.GetValue(json)).Write(status, JobJson.Default.JobStatus, WatchCommand.Print);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Creates <c>cancel</c>.</summary>
    public static Command CreateCancel()
    {
        var job = WatchCommand.Job();
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server);
        var json = CommonOptions.Json();
        var command = new Command("cancel", "End a job early; what is done stays.") { job, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await target.ConnectAsync(parsed, cancellationToken);
            var status = await client.CancelAsync(parsed.GetRequiredValue(job), cancellationToken);
            var report = new Report(parsed.GetValue(json));
            report.Write(status, JobJson.Default.JobStatus, (console, cancelled) => console.MarkupLineInterpolated(
                $"job {cancelled.JobId} is asked to end; 'nanodet watch {cancelled.JobId}{target.Again(parsed)}' waits for that"));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Creates <c>retry</c>.</summary>
    public static Command CreateRetry()
    {
        var job = WatchCommand.Job();
        var code = new Option<string[]>("--code")
        {
            Description = "Only failures with this code, such as blob_not_found; several times for several codes.",
        };
        var force = new Option<bool>("--force")
        {
            Description = "Also failures that cannot get better, such as image_truncated, and images at which workers crashed.",
        };
        var watch = new Option<bool>("--watch") { Description = "Follow the new job to its end." };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server);
        var json = CommonOptions.Json();
        var command = new Command("retry", "Start a new job over the failed images of one that ended.") { job, code, force, watch, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await target.ConnectAsync(parsed, cancellationToken);
            var started = await client.RetryAsync(
                parsed.GetRequiredValue(job), parsed.GetValue(code) ?? [], parsed.GetValue(force), cancellationToken);
            return await SubmitCommand.AnswerAsync(
                client,
                started,
                parsed.GetValue(watch),
                target.Again(parsed),
                new Report(parsed.GetValue(json)),
                cancellationToken);
        });
        return command;
    }

    /// <summary>Creates <c>failures</c>.</summary>
    public static Command CreateFailures()
    {
        var job = WatchCommand.Job();
        var code = new Option<string?>("--code") { Description = "Only failures with this code, such as image_truncated." };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("failures", "List the images of a job that failed, with code and reason.") { job, code, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var lines = await TargetResults.OfJobAsync(target, parsed, parsed.GetRequiredValue(job), cancellationToken);
            var failures = new List<JobFailure>();
            await foreach (var (_, result) in lines.WithCancellation(cancellationToken))
            {
                if (result.Error is { } error && (parsed.GetValue(code) is not { } wanted || wanted == error.Code))
                {
                    failures.Add(new JobFailure(result.Image.Container, result.Image.Name, error.Code, error.Message));
                }
            }

            new Report(parsed.GetValue(json)).Write(
                new JobFailuresReport(parsed.GetRequiredValue(job), failures), CliJsonContext.Default.JobFailuresReport, Print);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Creates <c>results</c>.</summary>
    public static Command CreateResults()
    {
        var job = WatchCommand.Job();
        var output = new Option<FileInfo>("--output")
        {
            Description = "File for the results: one JSON document a line (NDJSON), in the order of the job.",
            Required = true,
        };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("results", "Fetch the results of a job that ended as one file, or export results.") { job, output, json };
        target.AddTo(command);
        command.Subcommands.Add(ResultsExportCommand.Create());
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var id = parsed.GetRequiredValue(job);
            var lines = await TargetResults.OfJobAsync(target, parsed, id, cancellationToken);
            var answer = await TargetResults.SaveAsync(lines, id, parsed.GetRequiredValue(output), cancellationToken);
            new Report(parsed.GetValue(json)).Write(answer, CliJsonContext.Default.JobResultsReport, (console, saved) =>
                console.MarkupLineInterpolated(
                    $"{saved.Lines} results of job {saved.JobId}: {saved.Detected} detected, {saved.Failed} failed; {saved.File}"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(IAnsiConsole console, JobsReport answer)
    {
        // An id of the app's begins with the time. What does not fit a narrow terminal is in the JSON.
        var isNarrow = console.Profile.Width < WideTable;
        var table = new Table { Border = isNarrow ? TableBorder.None : TableBorder.Square }
            .AddColumns("job", "state", "images", "failed");
        if (!isNarrow)
        {
            table.AddColumns("detected", "started");
            table.Columns[4].RightAligned();
        }

        table.Columns[2].RightAligned();
        table.Columns[3].RightAligned();
        foreach (var job in answer.Jobs)
        {
            string[] narrow =
            [
                Markup.Escape(job.JobId),
                JobStateConverter.Text(job.State),
                job.Discovered.ToString("N0", CultureInfo.InvariantCulture),
                job.Failed.ToString("N0", CultureInfo.InvariantCulture),
            ];
            table.AddRow(isNarrow ? narrow :
            [
                .. narrow,
                job.Detected.ToString("N0", CultureInfo.InvariantCulture),
                job.StartedUtc.ToString("u", CultureInfo.InvariantCulture),
            ]);
        }

        console.Write(table);
        if (answer.Continuation is { } continuation)
        {
            console.MarkupLineInterpolated($"There are older jobs: --continuation {continuation}");
        }
    }

    private static void Print(IAnsiConsole console, JobFailuresReport answer)
    {
        foreach (var failure in answer.Failures)
        {
            console.MarkupLineInterpolated($"[bold]{failure.Name}[/]: [red]{failure.Code}[/]: {failure.Message}");
        }

        var byCode = answer.Failures
            .CountBy(failure => failure.Code)
            .OrderByDescending(pair => pair.Value)
            .Select(pair => $"{pair.Value} {pair.Key}")
            .DefaultIfEmpty("none");
        console.MarkupLineInterpolated($"{answer.Failures.Count} failures: {string.Join(", ", byCode)}");
    }
}
