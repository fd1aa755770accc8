using System.CommandLine;
using System.Globalization;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Exports.Sources;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;
using Nanodet.Serverless.Pipeline.Storage;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet results export</c>: results in the format of the next tool.</summary>
internal static class ResultsExportCommand
{
    private const int ReportEach = 500;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var input = new Option<string?>("--input") { Description = "Folder with result files, as 'detect' writes them, or one NDJSON file." };
        var job = new Option<string?>("--job") { Description = "Id of a job that ended." };
        var prefix = new Option<string?>("--prefix") { Description = "Records in storage of images whose name begins so; '' for all." };
        var container = new Option<string?>("--container") { Description = "Container of the images, for --prefix; default: the app's." };
        var output = new Option<string>("--output")
        {
            Description = "File or folder to write; for yolo and voc a folder, or an archive (*.zip).",
            Required = true,
        };
        var format = new ExportArguments(required: true);
        var filter = new FilterArguments();
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Server | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("export", "Export results: COCO, CSV, Parquet, YOLO, VOC, Label Studio and others.")
        {
            input, job, prefix, container, output,
        };
        format.AddTo(command);
        filter.AddTo(command);
        target.AddTo(command);
        command.Options.Add(json);
        command.Validators.Add(result =>
        {
            var sources = new Option[] { input, job, prefix }.Count(option => result.GetResult(option) is not null);
            if (sources != 1)
            {
                result.AddError("expected one of --input, --job and --prefix: where the results come from.");
            }

            if (result.GetResult(input) is not null && target.IsNamed(result))
            {
                result.AddError("--data, --server and --account: only with --job and --prefix; --input needs no app.");
            }

            if (result.GetValue(input) is { Length: > 0 } folder && result.GetResult(output) is { Tokens: [{ Value.Length: > 0 } path] }
                && format.Format(result) is { } written && ExportPaths.FileOf(written, path.Value) is { } file
                && IsOfResults(written, file) && new ResultFolder(folder).WouldRead(file))
            {
                result.AddError(
                    $"--output: expected an NDJSON file outside of --input, found {file}; the next export would take its results again.");
            }

            if (result.GetResult(container) is not null && result.GetResult(prefix) is null)
            {
                result.AddError("--container: only with --prefix.");
            }

            if (result.GetResult(job) is not null && !Pipeline.Jobs.JobStore.IsJobId(result.GetValue(job)))
            {
                result.AddError($"--job: expected the id of a job, found '{BlobNames.Show(result.GetValue(job)!)}'.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = new Report(parsed.GetValue(json));
            var folder = parsed.GetValue(input) is { } path ? new ResultFolder(path) : null;
            var results = folder?.ReadAsync(cancellationToken)
                ?? (parsed.GetValue(job) is { } id
                    ? (await TargetResults.OfJobAsync(target, parsed, id, cancellationToken)).Select(line => line.Result)
                    : await TargetResults.OfPrefixAsync(
                        target, parsed, parsed.GetValue(container), parsed.GetValue(prefix)!, cancellationToken));
            var options = new ExportOptions { Filter = filter.Read(parsed) };
            await using var writer = await format.BeginAsync(parsed, parsed.GetRequiredValue(output), options, cancellationToken);
            var summary = await WriteAsync(writer, results, report, cancellationToken);
            report.Write(
                ResultsExportReport.Of(summary, parsed.GetRequiredValue(output), folder?.OtherFiles ?? 0),
                CliJsonContext.Default.ResultsExportReport,
                Print);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>What an export came to, for people.</summary>
    public static void Print(IAnsiConsole console, ResultsExportReport answer)
    {
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{answer.Format}: [bold]{answer.Output}[/]");
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{answer.Images:N0} images{(answer.Failures > 0 ? $" ({answer.Failures:N0} failed)" : "")}, {answer.Detections:N0} detections");
        CountLines.Print(console, "classes", answer.DetectionsByClass);
        CountLines.Print(console, "left out", answer.LeftOut);
        if (answer.OtherFiles > 0)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{answer.OtherFiles:N0} other JSON files left alone");
        }
    }

    // Whatever is called .ndjson is read as results; another document is, too, where it holds one.
    private static bool IsOfResults(ExportFormat format, string file) =>
        format == ExportFormat.Ndjson || file.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase);

    private static async Task<ExportSummary> WriteAsync(
        ExportWriter writer, IAsyncEnumerable<DetectionResult> results, Report report, CancellationToken cancellationToken)
    {
        var count = 0L;
        var rate = new ProgressRate(TimeProvider.System);
        await report.ProgressAsync("exporting", async progress =>
        {
            await foreach (var result in results.WithCancellation(cancellationToken))
            {
                await writer.AddAsync(result, cancellationToken);
                if (++count % ReportEach == 0)
                {
                    progress.Report(rate.Describe("exporting", count, total: null), 0, 1);
                }
            }
        });
        return await writer.CompleteAsync(cancellationToken);
    }
}
