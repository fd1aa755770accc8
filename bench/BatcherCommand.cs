using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>batcher</c>: encoded images through the worker's batcher, in a process of its own so that its peak memory is its own. Compare runs
/// of 500 and of 5000 images.
/// </summary>
internal static class BatcherCommand
{
    private const int InFlight = 64;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The model.", Required = true };
        var images = new Option<DirectoryInfo>("--images") { Description = "JPEG files; taken again and again.", Required = true };
        var count = new Option<int>("--count") { Description = "Images.", DefaultValueFactory = _ => 500 };
        var batch = new Option<int>("--batch") { Description = "Most images in one run; 0 to measure.", DefaultValueFactory = _ => 0 };
        var lanes = new Option<int>("--lanes") { Description = "Lanes; 0 for one for each processor.", DefaultValueFactory = _ => 0 };
        var command = new Command("batcher", "Images through the worker's batcher: rate, allocations, peak memory.") { model, images, count, batch, lanes };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(images),
            parsed.GetValue(count),
            new BatchingOptions { MaxRunSize = parsed.GetValue(batch), Lanes = parsed.GetValue(lanes) },
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo modelFile, DirectoryInfo folder, int count, BatchingOptions options, CancellationToken cancellationToken)
    {
        var photos = folder.GetFiles("*.jpg").OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => File.ReadAllBytes(file.FullName)).ToArray();
        using var model = NanodetModel.Load(
            modelFile.FullName,
            new ModelOptions { Provider = ExecutionProvider.Cpu, ConcurrentRuns = BatchingPlan.LanesOnCpu(options) });
        var detectorOptions = new DetectorOptions();
        var plan = BatchingPlan.Choose(model, options, detectorOptions.MaxRunSize, TimeProvider.System, cancellationToken);
        using var batcher = new DetectionBatcher(model, plan, options, TimeProvider.System, NullLogger.Instance);
        var detector = batcher.DetectorFor(detectorOptions);
        await DetectAsync(batcher, detector, photos, 32, cancellationToken);

        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var watch = Stopwatch.StartNew();
        await DetectAsync(batcher, detector, photos, count, cancellationToken);
        var seconds = watch.Elapsed.TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} images, {plan.Lanes} lanes, up to {plan.MaxRunSize} a run ({plan.Reason}): {count / seconds:F1} images/s, "
            + $"{allocated / (double)count / 1024:F1} KiB allocated per image, peak {process.PeakWorkingSet64 >> 20} MiB"));
        return 0;
    }

    private static Task DetectAsync(
        DetectionBatcher batcher, Detector detector, byte[][] photos, int count, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken },
            async (i, token) => await batcher.DetectAsync(detector, photos[i % photos.Length], token));
}
