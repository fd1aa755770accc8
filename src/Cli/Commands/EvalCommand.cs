using System.CommandLine;
using System.Globalization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Evaluation;
using Nanodet.Serverless.Cli.Output;

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
        ILookup<long, CocoDetection> found;
        await using (var stream = detections.OpenRead())
        {
            found = await CocoResults.ReadAsync(stream, cancellationToken);
        }

        EnsureKnown(found, dataset);
        var evaluator = new CocoEvaluator();
        foreach (var image in dataset.Images)
        {
            // An image without detections is one where nothing was found.
            evaluator.Add(image.Truths, [.. found[image.Id].Where(detection => detection.Score > score)]);
        }

        var known = dataset.Categories.Select(category => category.Id).ToHashSet();
        report.Write(
            new EvalReport
            {
                Detections = detections.Name,
                Images = evaluator.Images,
                Missing = [],
                ClassesWithoutCategory = UnknownCategories(found, dataset),
                CategoriesWithoutClass = [],
                ScoreThreshold = score,
                FastDecode = false,
                Metrics = evaluator.Summarize(),
                ElapsedMs = clock.GetElapsedTime(started).TotalMilliseconds,
            },
            CliJsonContext.Default.EvalReport,
            EvalPrinter.Print);
        return ExitCode.Ok;
    }

    /// <summary>Detections of other images than the data set's would count as none.</summary>
    /// <exception cref="CliException"><c>unknown_images</c>: there are some.</exception>
    internal static void EnsureKnown(ILookup<long, CocoDetection> found, CocoDataset dataset)
    {
        var known = dataset.Images.Select(image => image.Id).ToHashSet();
        var unknown = found.Select(image => image.Key).Where(id => !known.Contains(id)).ToList();
        if (unknown.Count > 0)
        {
            throw new CliException(
                "unknown_images",
                $"expected detections of the {known.Count} images of the annotations, found detections of {unknown.Count} others, "
                + $"such as image_id {unknown[0]}; export them with '--format coco --dataset ANNOTATIONS', which takes the ids there.");
        }
    }

    /// <summary>Categories of detections that the data set does not have.</summary>
    internal static IReadOnlyList<string> UnknownCategories(ILookup<long, CocoDetection> found, CocoDataset dataset)
    {
        var known = dataset.Categories.Select(category => category.Id).ToHashSet();
        return
        [
            .. found.SelectMany(image => image).Select(detection => detection.CategoryId).Distinct()
                .Where(id => !known.Contains(id)).Order()
                .Select(id => string.Create(CultureInfo.InvariantCulture, $"category_id {id}")),
        ];
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
        using var rival = outputs.Compare is { } other
            ? await EvalRival.LoadAsync(other, dataset, modelOptions, matching, cancellationToken)
            : null;
        var detector = new Detector(model, options);
        var run = new EvaluationRun(dataset, folder, outputs.NeedsImages);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        await report.ProgressAsync(
            "evaluating", progress => run.DetectAsync(detector, mapping.CategoryIds, progress, cancellationToken));
        var elapsed = clock.GetElapsedTime(started);
        (string Name, EvaluationRun Run)? compared = rival is null
            ? null
            : await rival.EvaluateAsync(run, folder, options, report, cancellationToken);
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
                Compared = compared is { } done ? rival!.Describe(done.Run) : null,
                ElapsedMs = elapsed.TotalMilliseconds,
            },
            CliJsonContext.Default.EvalReport,
            EvalPrinter.Print);
        return ExitCode.Ok;
    }
}
