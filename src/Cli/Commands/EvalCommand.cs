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
        var choices = new ChoiceOptions();
        var outputs = new EvalOutputOptions();
        var json = CommonOptions.Json();
        var command = new Command("eval", "Measure mean average precision on a COCO data set (the 12 standard numbers).")
        {
            model, images, annotations, score, provider, fast, byOrder, json,
        };
        choices.AddTo(command);
        outputs.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            new ModelOptions { Provider = parsed.GetValue(provider) },
            parsed.GetRequiredValue(images),
            parsed.GetRequiredValue(annotations),
            parsed.GetValue(byOrder) ? ClassMatching.ByOrder : ClassMatching.ByName,
            choices.AddTo(parsed, new DetectorOptions { ScoreThreshold = parsed.GetValue(score), FastDecode = parsed.GetValue(fast) }),
            outputs.Read(parsed),
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
        EvalOutputs outputs,
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
