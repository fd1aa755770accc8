using System.CommandLine;
using System.Globalization;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Annotation;
using Nanodet.Serverless.Pipeline.Detectors;
using Nanodet.Serverless.Pipeline.Models;
using Nanodet.Serverless.Pipeline.Results;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet detect</c>: images of the file system to result files.</summary>
internal static class DetectCommand
{
    private const int RowsPerImage = 10;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The model (.onnx).", Required = true };
        var input = new Option<string>("--input") { Description = "An image, or a folder whose images are taken.", Required = true };
        var output = new Option<DirectoryInfo>("--output") { Description = "Folder for one JSON file per image.", Required = true };
        var defaults = new DetectorOptions();
        var score = new Option<float>("--score") { Description = "Scores have to be greater, 0 to 1.", DefaultValueFactory = _ => defaults.ScoreThreshold };
        var iou = new Option<float>("--iou") { Description = "IoU above which the weaker of two boxes of a class goes, 0 to 1.", DefaultValueFactory = _ => defaults.IouThreshold };
        var most = new Option<int>("--max-detections") { Description = "Most detections of an image, 1 to 1000.", DefaultValueFactory = _ => defaults.MaxDetections };
        var batch = new Option<int>("--batch") { Description = "Most images in one run of the model, 1 to 256.", DefaultValueFactory = _ => defaults.MaxBatchSize };
        var provider = new Option<ExecutionProvider>("--provider") { Description = "auto, cuda, tensorrt or cpu.", DefaultValueFactory = _ => ExecutionProvider.Auto };
        var requireGpu = new Option<bool>("--require-gpu") { Description = "Fail where any part of the model would run on the CPU." };
        var annotate = new Option<bool>("--annotate") { Description = "Also write a picture with boxes and labels per image." };
        var json = Options.Json();
        var command = new Command("detect", "Detect objects in images.")
        {
            model, input, output, score, iou, most, batch, provider, requireGpu, annotate, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            new ModelOptions { Provider = parsed.GetValue(provider), RequireGpu = parsed.GetValue(requireGpu) },
            parsed.GetRequiredValue(input),
            parsed.GetRequiredValue(output),
            new DetectorOptions
            {
                ScoreThreshold = parsed.GetValue(score),
                IouThreshold = parsed.GetValue(iou),
                MaxDetections = parsed.GetValue(most),
                MaxBatchSize = parsed.GetValue(batch),
            },
            parsed.GetValue(annotate),
            new Report(parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo modelFile,
        ModelOptions modelOptions,
        string input,
        DirectoryInfo output,
        DetectorOptions options,
        bool annotate,
        Report report,
        CancellationToken cancellationToken)
    {
        var files = ImageFiles.Find(input, output.FullName);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        using var model = NanodetModel.Load(modelFile.FullName, modelOptions);
        ParityFixture.Verify(model).EnsurePassed();
        var detector = new Detector(model, options, clock);
        var loaded = clock.GetElapsedTime(started);

        started = clock.GetTimestamp();
        var images = new List<DetectedImage>();
        await report.ProgressAsync("detecting", files.Files.Count, async step =>
        {
            foreach (var chunk in files.Files.Chunk(options.MaxBatchSize))
            {
                images.AddRange(await DetectAsync(detector, files.Root, chunk, output, annotate, clock, cancellationToken));
                foreach (var _ in chunk)
                {
                    step();
                }
            }
        });

        var failed = images.Where(image => image.Result.Error is not null).ToList();
        report.Write(
            new DetectReport
            {
                Model = ResultModel.From(model),
                Provider = model.Provider.Name,
                ProviderNote = model.Provider.FallbackReason,
                Images = images,
                Detected = images.Count - failed.Count,
                Failed = failed.Count,
                Ignored = files.Ignored,
                LoadMs = loaded.TotalMilliseconds,
                DetectMs = clock.GetElapsedTime(started).TotalMilliseconds,
            },
            CliJsonContext.Default.DetectReport,
            Print);
        foreach (var image in failed)
        {
            await Console.Error.WriteLineAsync($"error: {image.Result.Error!.Code}: {image.Result.Image.Name}: {image.Result.Error.Message}");
        }

        return failed.Count == 0 ? NanodetCommand.Ok : NanodetCommand.Failed;
    }

    private static async Task<IReadOnlyList<DetectedImage>> DetectAsync(
        Detector detector, string root, string[] names, DirectoryInfo output, bool annotate, TimeProvider clock, CancellationToken cancellationToken)
    {
        var encoded = new ReadOnlyMemory<byte>[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            encoded[i] = await ReadAsync(Path.Combine(root, names[i]), detector.Options.Limits.MaxBytes, cancellationToken);
        }

        var outcomes = detector.Detect(encoded, cancellationToken);
        var images = new List<DetectedImage>(names.Length);
        for (var i = 0; i < names.Length; i++)
        {
            var reference = new ImageReference(null, names[i], null, new FileInfo(Path.Combine(root, names[i])).Length);
            var result = DetectionResult.Create(outcomes[i], reference, detector, clock.GetUtcNow());
            var resultFile = new FileInfo(Path.Combine(output.FullName, $"{names[i]}.json"));
            await InputFile.WriteAsync(resultFile, result.ToUtf8Json(), cancellationToken);

            FileInfo? picture = null;
            if (annotate && result.Detections is { } detections)
            {
                picture = new FileInfo(Path.Combine(output.FullName, $"{names[i]}.annotated.jpg"));
                await InputFile.WriteAsync(picture, Annotator.Annotate(encoded[i].Span, detections, detector.Options.Limits), cancellationToken);
            }

            images.Add(new DetectedImage(result, resultFile.FullName, picture?.FullName));
        }

        return images;
    }

    /// <summary>Reads an image; of one that is too large just enough that the detector says so.</summary>
    private static async Task<byte[]> ReadAsync(string path, long limit, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(path);
        var bytes = new byte[Math.Min(stream.Length, limit + 1)];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private static void Print(IAnsiConsole console, DetectReport answer)
    {
        foreach (var image in answer.Images)
        {
            Print(console, image);
        }

        console.MarkupLineInterpolated(
            $"{answer.Detected} images detected, {answer.Failed} failed{(answer.Ignored > 0 ? $", {answer.Ignored} other files left alone" : "")}; model {answer.Model.Name} {answer.Model.Version} on {answer.Provider}");
        if (answer.ProviderNote is { } note)
        {
            console.MarkupLineInterpolated($"[yellow]note:[/] {note}");
        }

        var imagesPerSecond = answer.Images.Count / Math.Max(answer.DetectMs / 1000, 1e-9);
        console.MarkupLineInterpolated($"{answer.LoadMs:0} ms to load the model, {answer.DetectMs:0} ms for the images ({imagesPerSecond:0.0} images/s)");
    }

    private static void Print(IAnsiConsole console, DetectedImage image)
    {
        var result = image.Result;
        if (result.Detections is not { } detections)
        {
            console.MarkupLineInterpolated($"[bold]{result.Image.Name}[/]: [red]{result.Error!.Code}[/]");
            return;
        }

        var table = new Table { Border = TableBorder.Simple }.AddColumns("class", "score", "x", "y", "width", "height");
        foreach (var column in table.Columns.Skip(1))
        {
            column.RightAligned();
        }

        foreach (var detection in detections.Take(RowsPerImage))
        {
            var box = detection.Box;
            table.AddRow(
                Markup.Escape(detection.ClassName), Number(detection.Score, "0.000"), Number(box.X), Number(box.Y), Number(box.Width), Number(box.Height));
        }

        console.MarkupLineInterpolated($"[bold]{result.Image.Name}[/] {result.Image.Width} x {result.Image.Height}, {detections.Count} objects");
        if (detections.Count > 0)
        {
            console.Write(table);
        }

        if (detections.Count > RowsPerImage)
        {
            console.MarkupLineInterpolated($"  and {detections.Count - RowsPerImage} more");
        }
    }

    private static string Number(float value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);
}
