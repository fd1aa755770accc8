using System.CommandLine;
using System.Globalization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
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
        var model = new Option<FileInfo>("--model") { Description = "The model (.onnx).", Required = true };
        var images = new Option<DirectoryInfo>("--images") { Description = "Folder of the images.", Required = true };
        var annotations = new Option<FileInfo>("--annotations") { Description = "COCO annotations (instances_*.json).", Required = true };
        var score = CommonOptions.Score(DefaultScore);
        var provider = new Option<ExecutionProvider>("--provider")
        {
            Description = "auto, cuda, tensorrt or cpu.",
            DefaultValueFactory = _ => ExecutionProvider.Auto,
        };
        var fast = CommonOptions.FastDecode();
        var byOrder = new Option<bool>("--by-order")
        {
            Description = "Match the model's classes and the data set's categories by their order, where their names differ.",
        };
        var json = CommonOptions.Json();
        var command = new Command("eval", "Measure mean average precision on a COCO data set (the 12 standard numbers).")
        {
            model, images, annotations, score, provider, fast, byOrder, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            new ModelOptions { Provider = parsed.GetValue(provider) },
            parsed.GetRequiredValue(images),
            parsed.GetRequiredValue(annotations),
            parsed.GetValue(byOrder) ? ClassMatching.ByOrder : ClassMatching.ByName,
            new DetectorOptions { ScoreThreshold = parsed.GetValue(score), FastDecode = parsed.GetValue(fast) },
            new Report(parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo modelFile,
        ModelOptions modelOptions,
        DirectoryInfo folder,
        FileInfo annotations,
        ClassMatching matching,
        DetectorOptions options,
        Report report,
        CancellationToken cancellationToken)
    {
        if (!annotations.Exists)
        {
            throw new CliException("file_not_found", $"there is no annotations file at {annotations}.");
        }

        CocoDataset dataset;
        await using (var stream = annotations.OpenRead())
        {
            dataset = await CocoDataset.ReadAsync(stream, cancellationToken);
        }

        using var model = NanodetModel.Load(modelFile.FullName, modelOptions);
        ParityFixture.Verify(model).EnsurePassed();
        var mapping = dataset.MapClasses(model.Description.ClassNames, matching);
        var detector = new Detector(model, options);
        var evaluator = new CocoEvaluator();
        var missing = new List<string>();
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        await report.ProgressAsync("evaluating", async progress =>
        {
            foreach (var chunk in dataset.Images.Chunk(detector.MaxRunSize))
            {
                await EvaluateAsync(detector, evaluator, mapping.CategoryIds, folder, chunk, missing, cancellationToken);
                progress.Report(
                    $"evaluating, {evaluator.Images} of {dataset.Images.Count}",
                    evaluator.Images + missing.Count,
                    dataset.Images.Count);
            }
        });

        if (evaluator.Images == 0)
        {
            throw new CliException(
                "no_images",
                $"{folder} holds none of the {dataset.Images.Count} images of {annotations.Name}, such as {dataset.Images[0].FileName}.");
        }

        report.Write(
            new EvalReport
            {
                Model = ResultModel.From(model),
                Provider = model.Provider.Name,
                Images = evaluator.Images,
                Missing = missing,
                ClassesWithoutCategory = mapping.ClassesWithoutCategory,
                CategoriesWithoutClass = mapping.CategoriesWithoutClass,
                ScoreThreshold = options.ScoreThreshold,
                FastDecode = options.FastDecode,
                Metrics = evaluator.Summarize(),
                ElapsedMs = clock.GetElapsedTime(started).TotalMilliseconds,
            },
            CliJsonContext.Default.EvalReport,
            Print);
        return ExitCode.Ok;
    }

    private static async Task EvaluateAsync(
        Detector detector,
        CocoEvaluator evaluator,
        IReadOnlyList<int> categories,
        DirectoryInfo folder,
        CocoImage[] images,
        List<string> missing,
        CancellationToken cancellationToken)
    {
        var found = new List<(CocoImage Image, ReadOnlyMemory<byte> Encoded)>();
        foreach (var image in images)
        {
            if (Locate(folder, image) is { } path)
            {
                found.Add((image, await File.ReadAllBytesAsync(path, cancellationToken)));
            }
            else
            {
                missing.Add(image.FileName);
            }
        }

        var outcomes = detector.Detect([.. found.Select(pair => pair.Encoded)], cancellationToken);
        foreach (var ((image, _), outcome) in found.Zip(outcomes))
        {
            if (outcome.Succeeded)
            {
                evaluator.Add(image.Truths, [.. outcome.Detections.Select(detection => new CocoDetection(
                    categories[detection.ClassId],
                    detection.Score,
                    new CocoBox(detection.Box.X, detection.Box.Y, detection.Box.Width, detection.Box.Height)))]);
            }
            else
            {
                missing.Add($"{image.FileName}: {outcome.Error.Code}");
            }
        }
    }

    /// <summary>The image by its file name, else by its id, as some copies of the data set name their files.</summary>
    private static string? Locate(DirectoryInfo folder, CocoImage image)
    {
        var named = Path.GetFullPath(Path.Combine(folder.FullName, image.FileName));
        var numbered = Path.Combine(folder.FullName, $"{image.Id}{Path.GetExtension(image.FileName)}");
        var root = Path.TrimEndingDirectorySeparator(folder.FullName) + Path.DirectorySeparatorChar;
        return named.StartsWith(root, StringComparison.Ordinal) && File.Exists(named) ? named : File.Exists(numbered) ? numbered : null;
    }

    private static void Print(IAnsiConsole console, EvalReport answer)
    {
        var table = new Table().AddColumns("metric", "IoU", "area", "detections", "value");
        table.Columns[4].RightAligned();
        foreach (var (metric, iou, area, most, value) in Rows(answer.Metrics))
        {
            table.AddRow(metric, iou, area, $"{most}", value < 0 ? "none" : value.ToString("0.0000", CultureInfo.InvariantCulture));
        }

        console.Write(table);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{answer.Images} images, scores above {answer.ScoreThreshold}; model {answer.Model.Name} {answer.Model.Version} on {answer.Provider}; {answer.ElapsedMs:0} ms");
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
