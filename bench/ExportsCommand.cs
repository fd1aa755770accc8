using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>exports</c>: synthetic results in every format, to a folder. Each format is a process of its own, so that its peak of memory is its own.
/// </summary>
internal static class ExportsCommand
{
    private const int DefaultCount = 100_000;

    private static readonly string[] Classes = [.. Enumerable.Range(0, 80).Select(i => $"class {i}")];

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Results.", DefaultValueFactory = _ => DefaultCount };
        var format = new Option<string?>("--format") { Description = "Only this format, in this process." };
        var command = new Command("exports", "Time and peak memory of each export format.") { count, format };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (ExportFormats.Find(parsed.GetValue(format)) is { } only)
            {
                await MeasureAsync(only, parsed.GetValue(count), cancellationToken);
                return;
            }

            Console.WriteLine("format        images  detections  seconds  images/s    bytes written  peak MiB");
            foreach (var name in ExportFormats.Names)
            {
                var arguments = new[]
                {
                    Environment.GetCommandLineArgs()[0], "exports", "--format", name, "--count", $"{parsed.GetValue(count)}",
                };
                using var process = Process.Start(new ProcessStartInfo("dotnet", arguments))!;
                await process.WaitForExitAsync(cancellationToken);
            }
        });
        return command;
    }

    private static async Task MeasureAsync(ExportFormat format, int count, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-bench-exports-");
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            var summary = await ExportWriters.WriteAsync(
                Results(count),
                format,
                new FolderTarget(folder.CreateSubdirectory("out")),
                new ExportOptions { ClassNames = Classes },
                cancellationToken);
            var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            using var self = Process.GetCurrentProcess();
            var bytes = folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{ExportFormats.NameOf(format),-12}{summary.Images,8}{summary.Detections,12}{seconds,9:0.00}{count / seconds,10:0}{bytes,17}{self.PeakWorkingSet64 / 1048576.0,10:0}"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Five objects an image on average, 2 % failures.</summary>
    private static async IAsyncEnumerable<DetectionResult> Results(int count)
    {
        await Task.CompletedTask;
        var random = new Random(1);
        var model = new ResultModel("synthetic", "1", new string('a', 64), 416, 416);
        var options = new ResultOptions(0.35f, 0.6f, 100);
        for (var i = 0; i < count; i++)
        {
            var image = $"camera{i % 16:D2}/{i / 1000:D4}/{i:D7}.jpg";
            if (i % 50 == 49)
            {
                yield return DetectionResult.CreateFailure(
                    new("image_truncated", "the file ends before the image does"), new("images", image, "0x1", 1000), DateTimeOffset.UnixEpoch);
                continue;
            }

            var detections = new DetectedObject[random.Next(11)];
            for (var j = 0; j < detections.Length; j++)
            {
                var (x, y) = (random.NextSingle() * 600, random.NextSingle() * 400);
                var id = random.Next(Classes.Length);
                detections[j] = new(id, Classes[id], random.NextSingle(), new(x, y, (640 - x) * random.NextSingle(), (480 - y) * random.NextSingle()));
            }

            yield return new DetectionResult
            {
                Status = DetectionStatus.Detected,
                Image = new ResultImage("images", image, "0x1", 100_000, 640, 480),
                Model = model,
                Options = options,
                Detections = detections,
                Provider = "CPU",
                BatchSize = 8,
                CreatedUtc = DateTime.UnixEpoch,
            };
        }
    }
}
