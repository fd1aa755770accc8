using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Benchmarking;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>feed</c>: how much of the decoder's rate is left on the whole way to a GPU and back, without a GPU. A <see cref="StandInCard"/> takes
/// the times that runs took on an H100, longer by as much as this machine decodes more slowly than the 16 processors beside that card did.
/// </summary>
internal static class FeedCommand
{
    private const int LargestRun = 64;

    // Images a second that 16 threads decoded beside the H100.
    private const double DecodedBesideCard = 4096;

    // bench/results/nvidia-h100: nanodet-plus-m_416, the graph alone, float16.
    private static readonly Dictionary<int, double> MillisecondsOfRun = new()
    {
        [1] = 0.81,
        [2] = 1.01,
        [4] = 1.33,
        [8] = 1.81,
        [16] = 2.80,
        [32] = 4.67,
        [64] = 8.53,
    };

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "A model with an input of one shape.", Required = true };
        var images = new Option<DirectoryInfo>("--images") { Description = "JPEG files; taken again and again.", Required = true };
        var seconds = new Option<double>("--seconds") { Description = "Seconds of each measurement of a round.", DefaultValueFactory = _ => 2 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds, in which each way has its turn.", DefaultValueFactory = _ => 5 };
        var command = new Command("feed", "What feeds a GPU, with a stand-in for the GPU: rates against that of decoding alone.")
        {
            model, images, seconds, rounds,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(images),
            parsed.GetValue(seconds),
            parsed.GetValue(rounds),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo file, DirectoryInfo folder, double seconds, int rounds, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>[] photos =
            [.. folder.GetFiles("*.jpg").OrderBy(photo => photo.Name, StringComparer.Ordinal).Select(photo => File.ReadAllBytes(photo.FullName))];
        _ = DecodingBenchmark.Measure(photos, TimeSpan.FromSeconds(seconds), cancellationToken);
        var decoding = DecodingBenchmark.Measure(photos, TimeSpan.FromSeconds(seconds), cancellationToken);
        var scale = DecodedBesideCard / decoding / 1000;
        var card = new StandInCard(MillisecondsOfRun.ToDictionary(time => time.Key, time => time.Value * scale));
        using var model = NanodetModel.Load(
            await File.ReadAllBytesAsync(file.FullName, cancellationToken),
            new ModelOptions { Provider = ExecutionProvider.Cpu },
            () => null,
            (session, description) => Open(session, description, card, photos));
        var ways = Ways(model, photos, seconds);
        var figures = ways.ToDictionary(way => way.Name, _ => new List<(double Rate, double ProcessorMs, double Busy, double Fill)>());
        for (var round = -1; round < rounds; round++)
        {
            foreach (var (name, measure) in ways)
            {
                _ = card.Read();
                using var process = Process.GetCurrentProcess();
                var (start, processor) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
                var images = await measure(cancellationToken);
                var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                process.Refresh();
                var used = (process.TotalProcessorTime - processor).TotalMilliseconds;
                var (busy, runs, run) = card.Read();
                if (round >= 0)
                {
                    figures[name].Add((images / elapsed, used / images, busy.TotalSeconds / elapsed, run / Math.Max(1.0, runs)));
                }
            }
        }

        Console.WriteLine("| the way | images/s | of decoding alone | processor, ms an image | card busy | images a run |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        var alone = figures[ways[0].Name];
        foreach (var (name, _) in ways)
        {
            var found = figures[name];
            var ratio = Median(found.Zip(alone, (mine, decoded) => mine.Rate / decoded.Rate));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {Median(found.Select(figure => figure.Rate)):F0} | {ratio:F2} | {Median(found.Select(figure => figure.ProcessorMs)):F2} "
                + $"| {Median(found.Select(figure => figure.Busy)):P0} | {Median(found.Select(figure => figure.Fill)):F1} |"));
        }

        return 0;
    }

    private static List<(string Name, Func<CancellationToken, Task<long>> Measure)> Ways(
        NanodetModel model, ReadOnlyMemory<byte>[] photos, double seconds)
    {
        var processors = Environment.ProcessorCount;
        var ways = new List<(string, Func<CancellationToken, Task<long>>)>
        {
            ($"decoding alone, {processors} threads", _ => Task.FromResult(Callers(processors, seconds, caller =>
            {
                using var image = ImageDecoder.Decode(photos[caller % photos.Length].Span, new ImageLimits());
                return 1;
            }))),
        };
        foreach (var size in new[] { 1, 8, 32, 64 })
        {
            var detector = new Detector(model, new DetectorOptions { MaxRunSize = size, DecodeThreads = 1 });
            ways.Add(($"{processors} callers, {size} a call", _ => Task.FromResult(Callers(processors, seconds, caller =>
                detector.Detect([.. Enumerable.Range(caller, size).Select(image => photos[image % photos.Length])]).Count))));
        }

        // As many lanes as a worker has on a GPU.
        var lanes = Math.Max(2, processors * 3 / 2);
        foreach (var requests in new[] { 64, 256 })
        {
            ways.Add((
                $"a worker's batcher, {lanes} lanes, {requests} requests",
                token => BatchAsync(model, photos, seconds, lanes, requests, token)));
        }

        return ways;
    }

    private static async Task<long> BatchAsync(
        NanodetModel model, ReadOnlyMemory<byte>[] photos, double seconds, int lanes, int requests, CancellationToken cancellationToken)
    {
        await using var batcher = new DetectionBatcher(
            model, new BatchingPlan(lanes, LargestRun, ""), new BatchingOptions(), TimeProvider.System, NullLogger.Instance);
        var detector = batcher.DetectorFor(new DetectorOptions());
        var (start, done) = (Stopwatch.GetTimestamp(), 0L);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, requests),
            new ParallelOptions { MaxDegreeOfParallelism = requests, CancellationToken = cancellationToken },
            async (request, token) =>
            {
                for (var i = request; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; i++)
                {
                    _ = await batcher.DetectAsync(detector, photos[i % photos.Length], token);
                    Interlocked.Increment(ref done);
                }
            });
        return done;
    }

    private static long Callers(int count, double seconds, Func<int, int> work)
    {
        var (start, done) = (Stopwatch.GetTimestamp(), 0L);
        var threads = Enumerable.Range(0, count).Select(caller => new Thread(() =>
        {
            for (var next = caller; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; next++)
            {
                Interlocked.Add(ref done, work(next));
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return done;
    }

    private static ShapedRuns Open(
        InferenceSession session, ModelDescription description, StandInCard card, IReadOnlyList<ReadOnlyMemory<byte>> photos)
    {
        var runs = new SharedRuns(session, description);
        var outputs = new List<float[]>();
        foreach (var photo in photos)
        {
            using var image = ImageDecoder.Decode(photo.Span, new ImageLimits());
            var geometry = InputGeometry.Create(image.Width, image.Height, description.Input);
            using var tensor = runs.Rent(1, geometry.TensorHeight, geometry.TensorWidth, () => { });
            new Preprocessor(description).Write(image, geometry, tensor.Image(0));
            using var output = runs.Run(tensor, 1, () => { });
            outputs.Add(output.All.ToArray());
        }

        return ShapedRuns.Open(
            description,
            HostMemory.Pageable(session),
            ShapedRunsOptions.Of(card.Sizes, builders: 1),
            (_, step) => card.Open(step.Size, outputs));
    }

    private static double Median(IEnumerable<double> values) => StageFigures.Percentile([.. values.Order()], 0.5);
}
