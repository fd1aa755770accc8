using System.CommandLine;
using System.Globalization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Evaluation;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet eval</c>: how good a model is, by the numbers of the COCO challenge.</summary>
internal static class EvalCommand
{
    // What the official evaluation keeps.
    private const float DefaultScore = 0.05f;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo?>("--model") { Description = "The model (.onnx)." };
        var images = new Option<DirectoryInfo?>("--images") { Description = "Folder of the images, with --model." };
        var detections = new Option<FileInfo?>("--detections")
        {
            Description = "Instead of a model: its detections as COCO results (.json), such as 'results export --format coco' writes.",
        };
        var annotations = new Option<FileInfo>("--annotations") { Description = "COCO annotations (instances_*.json).", Required = true };
        var score = CommonOptions.Score(DefaultScore);
        var provider = new Option<ExecutionProvider>("--provider")
        {
            Description = "auto, cuda, tensorrt or cpu.",
            DefaultValueFactory = _ => ExecutionProvider.Auto,
        };
        var tf32 = CommonOptions.Tf32();
        var fast = CommonOptions.FastDecode();
        var byOrder = new Option<bool>("--by-order")
        {
            Description = "Match the model's classes and the data set's categories by their order, where their names differ.",
        };
        var choices = new ChoiceOptions();
        var outputs = new EvalOutputOptions();
        var json = CommonOptions.Json();
        var command = new Command("eval", "Measure mean average precision on a COCO data set (the 12 standard numbers).")
        {
            model, images, detections, annotations, score, provider, tf32, fast, byOrder, json,
        };
        choices.AddTo(command);
        outputs.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(detections) is null)
            {
                if (result.GetResult(model) is null || result.GetResult(images) is null)
                {
                    result.AddError("expected --model and --images, or --detections");
                }

                return;
            }

            var others = command.Options.Where(option => option != detections && option != annotations && option != score && option != json)
                .Where(option => result.GetResult(option) is { Implicit: false }).Select(option => option.Name).ToList();
            if (others.Count > 0)
            {
                result.AddError($"{string.Join(", ", others)}: not with --detections, which are evaluated as they are");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var report = new Report(parsed.GetValue(json));
            return parsed.GetValue(detections) is { } file
                ? RunAsync(file, parsed.GetRequiredValue(annotations), parsed.GetValue(score), report, cancellationToken)
                : RunAsync(
                    parsed.GetRequiredValue(model)!,
                    new ModelOptions { Provider = parsed.GetValue(provider), Tf32 = parsed.GetValue(tf32) },
                    parsed.GetRequiredValue(images)!,
                    parsed.GetRequiredValue(annotations),
                    parsed.GetValue(byOrder) ? ClassMatching.ByOrder : ClassMatching.ByName,
                    choices.AddTo(
                        parsed, new DetectorOptions { ScoreThreshold = parsed.GetValue(score), FastDecode = parsed.GetValue(fast) }),
                    outputs.Read(parsed),
                    report,
                    cancellationToken);
        });
        return command;
    }

    private static async Task<CocoDataset> ReadAsync(FileInfo annotations, CancellationToken cancellationToken)
    {
        if (!annotations.Exists)
        {
            throw new CliException("file_not_found", $"there is no annotations file at {annotations}.");
        }

        await using var stream = annotations.OpenRead();
        return await CocoDataset.ReadAsync(stream, cancellationToken);
    }

    private static async Task<int> RunAsync(
        FileInfo detections, FileInfo annotations, float score, Report report, CancellationToken cancellationToken)
    {
        var dataset = await ReadAsync(annotations, cancellationToken);
        if (!detections.Exists)
        {
            throw new CliException("file_not_found", $"there is no file of detections at {detections}.");
        }

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        await using var stream = detections.OpenRead();
        var found = (await CocoResults.ReadAsync(stream, cancellationToken)).SelectMany(
            image => image.Where(detection => detection.Score > score), (image, detection) => (image.Key, Detection: detection)).ToList();
        var run = new EvaluationRun(dataset, folder: null, keeps: false);
        run.Take(found.ToLookup(item => item.Key, item => item.Detection));
        var known = dataset.Categories.Select(category => category.Id).ToHashSet();
        report.Write(
            new EvalReport
            {
                Detections = detections.Name,
                Images = run.Evaluator.Images,
                Missing = [],
                ClassesWithoutCategory =
                    [.. found.Select(item => item.Detection.CategoryId).Where(id => !known.Contains(id)).Distinct().Order()
                        .Select(id => string.Create(CultureInfo.InvariantCulture, $"category_id {id}"))],
                CategoriesWithoutClass = [],
                ScoreThreshold = score,
                FastDecode = false,
                Metrics = run.Evaluator.Summarize(),
                ElapsedMs = clock.GetElapsedTime(started).TotalMilliseconds,
            },
            CliJsonContext.Default.EvalReport,
            Print);
        return ExitCode.Ok;
    }

    private static async Task<int> RunAsync(
        FileInfo modelFile,
        ModelOptions modelOptions,
        DirectoryInfo folder,
        FileInfo annotations,
        ClassMatching matching,
        DetectorOptions options,
        EvalOutputs outputs,
        Report report,
        CancellationToken cancellationToken)
    {
        var dataset = await ReadAsync(annotations, cancellationToken);
        using var model = NanodetModel.Load(modelFile.FullName, modelOptions);
        ParityFixture.Verify(model).EnsurePassed();
        var mapping = dataset.MapClasses(model.Description.ClassNames, matching);
        var detector = new Detector(model, options);
        var run = new EvaluationRun(dataset, folder, outputs.NeedsImages);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        await report.ProgressAsync(
            "evaluating", progress => run.DetectAsync(detector, mapping.CategoryIds, progress, cancellationToken));
        var elapsed = clock.GetElapsedTime(started);
        (string Name, EvaluationRun Run)? compared = outputs.Compare is null
            ? null
            : await outputs.CompareAsync(dataset, folder, run, options, modelOptions, matching, report, cancellationToken);
        var title = $"{model.Description.Name} {model.Version}, {annotations.Name}";
        await outputs.WriteAsync(title, run, compared, dataset, model.Description.ClassNames, mapping, options, cancellationToken);
        report.Write(
            new EvalReport
            {
                Model = ResultModel.From(model),
                Provider = model.Provider.Name,
                Images = run.Evaluator.Images,
                Missing = run.Missing,
                ClassesWithoutCategory = mapping.ClassesWithoutCategory,
                CategoriesWithoutClass = mapping.CategoriesWithoutClass,
                ScoreThreshold = options.ScoreThreshold,
                FastDecode = options.FastDecode,
                Slices = options.Slices,
                Metrics = run.Evaluator.Summarize(),
                Compared = compared is null ? null : new EvalComparison(compared.Value.Name, compared.Value.Run.Evaluator.Summarize()),
                ElapsedMs = elapsed.TotalMilliseconds,
            },
            CliJsonContext.Default.EvalReport,
            Print);
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, EvalReport answer)
    {
        var table = new Table().AddColumns("metric", "IoU", "area", "detections", "value");
        table.Columns[4].RightAligned();
        if (answer.Compared is not null)
        {
            table.AddColumns("value of B", "A - B");
        }

        var others = Rows(answer.Compared?.Metrics ?? answer.Metrics);
        foreach (var ((metric, iou, area, most, value), other) in Rows(answer.Metrics).Zip(others))
        {
            string[] cells = [metric, iou, area, $"{most}", Number(value)];
            table.AddRow(answer.Compared is null
                ? cells
                : [.. cells, Number(other.Value), value < 0 || other.Value < 0 ? "" : Number(value - other.Value, "+0.0000;-0.0000")]);
        }

        console.Write(table);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{answer.Images} images, scores above {answer.ScoreThreshold}; {Source(answer)}; {answer.ElapsedMs:0} ms");
        if (answer.CategoriesWithoutClass is { Count: > 0 } unknown)
        {
            console.MarkupLineInterpolated(
                $"[yellow]note:[/] without a class, so that their objects count as missed: {string.Join(", ", unknown)}");
        }

        if (answer.ClassesWithoutCategory is { Count: > 0 } idle)
        {
            console.MarkupLineInterpolated(
                $"[yellow]note:[/] classes without a category, which are left out: {string.Join(", ", idle)}");
        }

        if (answer.Missing.Count > 0)
        {
            console.MarkupLineInterpolated(
                $"[yellow]note:[/] {answer.Missing.Count} images were not evaluated, such as {answer.Missing[0]}");
        }
    }

    private static string Source(EvalReport answer) => answer.Model is { } model
        ? $"model {model.Name} {model.Version} on {answer.Provider}"
        : $"the detections of {answer.Detections}";

    private static string Number(double value) => value < 0 ? "none" : Number(value, "0.0000");

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static IEnumerable<(string Metric, string Iou, string Area, int Most, double Value)> Rows(CocoMetrics metrics) =>
    [
        ("AP", "0.50:0.95", "all", 100, metrics.Ap),
        ("AP", "0.50", "all", 100, metrics.Ap50),
        ("AP", "0.75", "all", 100, metrics.Ap75),
        ("AP", "0.50:0.95", "small", 100, metrics.ApSmall),
        ("AP", "0.50:0.95", "medium", 100, metrics.ApMedium),
        ("AP", "0.50:0.95", "large", 100, metrics.ApLarge),
        ("AR", "0.50:0.95", "all", 1, metrics.Ar1),
        ("AR", "0.50:0.95", "all", 10, metrics.Ar10),
        ("AR", "0.50:0.95", "all", 100, metrics.Ar100),
        ("AR", "0.50:0.95", "small", 100, metrics.ArSmall),
        ("AR", "0.50:0.95", "medium", 100, metrics.ArMedium),
        ("AR", "0.50:0.95", "large", 100, metrics.ArLarge),
    ];
}
