using System.CommandLine;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet detect</c>: images of the file system to result files.</summary>
internal static class DetectCommand
{
    // The most that a batcher has.
    private const int MostLanes = 256;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo?>("--model") { Description = "The model (.onnx); not with --storage." };
        var images = new DetectArguments();
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "Folder for one JSON file per image; may be the input folder. With --format: the file or folder of the export.",
            Required = true,
        };
        var format = new ExportArguments(required: false);
        var defaults = new DetectorOptions();
        var score = CommonOptions.Score(defaults.ScoreThreshold);
        var iou = new Option<float>("--iou")
        {
            Description = "NMS IoU threshold, 0 to 1: of two boxes of a class that overlap more, the one with the lower score is dropped.",
            DefaultValueFactory = _ => defaults.IouThreshold,
        }.Within(0f, 1f);
        var most = new Option<int>("--max-detections")
        {
            Description = "The largest number of detections of an image, 1 to 1000.",
            DefaultValueFactory = _ => defaults.MaxDetections,
        }.Within(1, 1000);
        var batch = new Option<int>("--batch")
        {
            Description = "The largest number of images in one run of the model, 1 to 256; 0: one on the CPU, where as many runs are made at a time as there are processors, and 64 on a GPU.",
            DefaultValueFactory = _ => defaults.MaxRunSize,
        }.Within(0, 256);
        var provider = new Option<ExecutionProvider>("--provider")
        {
            Description = "auto, cuda, tensorrt or cpu.",
            DefaultValueFactory = _ => ExecutionProvider.Auto,
        };
        var requireGpu = new Option<bool>("--require-gpu") { Description = "Fail where any part of the model would run on the CPU." };
        var precision = CommonOptions.Precision();
        var tf32 = CommonOptions.Tf32();
        var fast = CommonOptions.FastDecode();
        var annotate = new Option<bool>("--annotate") { Description = "Also write a picture with boxes and labels per image." };
        var storage = new Option<bool>("--storage") { Description = "Upload the images to a running app and wait for its results." };
        var target = new TargetOptions(TargetKinds.Data);
        var choices = new ChoiceOptions();
        var json = CommonOptions.Json();
        var command = new Command("detect", "Detect objects in images, here or in a running app.")
        {
            model, output, score, iou, most, batch, provider, requireGpu, precision, tf32, fast, annotate, storage, json,
        };
        images.AddTo(command, storage, annotate, format);
        format.AddTo(command);
        target.AddTo(command);
        choices.AddTo(command);
        command.Validators.Add(result =>
        {
            var here = new Option[] { batch, provider, requireGpu, precision, tf32 }
                .Where(option => result.GetResult(option) is { Implicit: false })
                .ToList();
            if (result.GetResult(storage) is not null && here.Count > 0)
            {
                result.AddError($"{string.Join(", ", here.Select(option => option.Name))}: not with --storage; the app's settings decide.");
            }

            if (result.GetResult(storage) is null && target.IsNamed(result))
            {
                result.AddError("--data: only with --storage; with --model, detect needs no app.");
            }

            if (result.GetResult(storage) is not null == (result.GetResult(model) is not null))
            {
                result.AddError("detect takes either --model, to detect here, or --storage, to have a running app detect.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = new Report(parsed.GetValue(json), images.Quiet(parsed));
            var options = choices.AddTo(parsed, new DetectorOptions
            {
                ScoreThreshold = parsed.GetValue(score),
                IouThreshold = parsed.GetValue(iou),
                MaxDetections = parsed.GetValue(most),
                MaxRunSize = parsed.GetValue(batch),
                FastDecode = parsed.GetValue(fast),
            });
            if (!parsed.GetValue(storage))
            {
                var modelOptions = new ModelOptions
                {
                    Provider = parsed.GetValue(provider),
                    RequireGpu = parsed.GetValue(requireGpu),
                    Precision = parsed.GetValue(precision),
                    Tf32 = parsed.GetValue(tf32),
                };
                var files = await images.FindImagesAsync(parsed, parsed.GetRequiredValue(output).FullName, cancellationToken);
                return await RunAsync(
                    parsed.GetValue(model)!,
                    modelOptions,
                    files,
                    parsed.GetRequiredValue(output),
                    options,
                    parsed.GetValue(annotate),
                    images.Resume(parsed),
                    names => format.Format(parsed) is null
                        ? Task.FromResult<ExportWriter?>(null)
                        : BeginAsync(format, parsed, parsed.GetRequiredValue(output), names, cancellationToken),
                    new DetectTally(images.MostImages(parsed, json)),
                    report,
                    cancellationToken);
            }

            using var client = await target.ConnectAsync(parsed, cancellationToken);
            var detection = new CloudDetection(
                client, new CloudStorage((await target.FindAsync(parsed, cancellationToken)).Storage), report);
            var uploads = await images.FindImagesAsync(parsed, parsed.GetRequiredValue(output).FullName, cancellationToken);
            var answer = await detection.RunAsync(
                uploads, parsed.GetRequiredValue(output), options, parsed.GetValue(annotate), cancellationToken);
            var failures = answer.Images.Select(image => image.Result).Where(result => result.Error is not null);
            return await AnswerAsync(
                report,
                answer.Images.Count > images.MostImages(parsed, json) ? answer with { Images = [] } : answer,
                [.. failures.Take(DetectTally.MostFailures)]);
        });
        return command;
    }

    private static async Task<ExportWriter?> BeginAsync(
        ExportArguments format,
        ParseResult parsed,
        DirectoryInfo output,
        IReadOnlyList<string> classNames,
        CancellationToken cancellationToken) =>
        await format.BeginAsync(parsed, output.ToString(), new ExportOptions { ClassNames = classNames }, cancellationToken);

    private static async Task<int> RunAsync(
        FileInfo modelFile,
        ModelOptions modelOptions,
        ImageFiles files,
        DirectoryInfo output,
        DetectorOptions options,
        bool annotate,
        bool resume,
        Func<IReadOnlyList<string>, Task<ExportWriter?>> beginExport,
        DetectTally tally,
        Report report,
        CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var lanes = Math.Clamp(files.Files.Count, 1, Math.Min(Environment.ProcessorCount, MostLanes));
        using var detector = Detector.Load(modelFile.FullName, options, modelOptions with { ConcurrentRuns = lanes });
        ParityFixture.Verify(detector.Model).EnsurePassed();
        var loaded = clock.GetElapsedTime(started);
        await using var export = await beginExport(detector.Model.Description.ClassNames);

        started = clock.GetTimestamp();
        await using var detection = new FolderDetection(
            detector,
            lanes,
            files,
            export is null ? new FolderOutput(output) : new ExportOutput(export),
            annotate,
            resume
                ? new KeptResults(output, files, ResultModel.From(detector.Model), ResultOptions.From(options, detector.Model), annotate)
                : null,
            tally,
            clock);
        await report.ProgressAsync("detecting", progress => detection.RunAsync(progress, cancellationToken));
        var summary = export is null ? null : await export.CompleteAsync(cancellationToken);
        return await AnswerAsync(
            report,
            new DetectReport
            {
                Model = ResultModel.From(detector.Model),
                Form = detector.Model.Form,
                Provider = detector.Model.Provider.Name,
                ProviderNote = ProviderNotes.For(detector.Model.Provider),
                Images = tally.Images.Count == tally.Total
                    ? [.. tally.Images.OrderBy(image => image.Result.Image.Name, StringComparer.Ordinal)]
                    : [],
                Detected = tally.Detected,
                Failed = tally.Failed,
                Kept = tally.Kept,
                DetectionsByClass = tally.ByClass,
                FailuresByCode = tally.ByCode,
                Export = summary is null ? null : ResultsExportReport.Of(summary, output.ToString(), otherFiles: 0),
                Ignored = files.Ignored,
                LoadMs = loaded.TotalMilliseconds,
                DetectMs = clock.GetElapsedTime(started).TotalMilliseconds,
            },
            tally.Failures);
    }

    private static async Task<int> AnswerAsync(Report report, DetectReport answer, IReadOnlyList<DetectionResult> failures)
    {
        report.Write(answer, CliJsonContext.Default.DetectReport, DetectPrinter.Print);
        foreach (var failure in failures)
        {
            await Console.Error.WriteLineAsync($"error: {failure.Error!.Code}: {failure.Image.Name}: {failure.Error.Message}");
        }

        if (answer.Failed > failures.Count)
        {
            await Console.Error.WriteLineAsync(
                $"and {answer.Failed - failures.Count} more failures; the results of their images say why.");
        }

        return answer.Failed == 0 ? ExitCode.Ok : ExitCode.Failed;
    }
}
