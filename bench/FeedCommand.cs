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
        var way = new Option<string>("--way") { Description = "Only ways whose name has this in it, beside decoding alone.", DefaultValueFactory = _ => "" };
        var command = new Command("feed", "What feeds a GPU, with a stand-in for the GPU: rates against that of decoding alone.")
        {
            model, images, seconds, rounds, way,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(images),
            parsed.GetValue(seconds),
            parsed.GetValue(rounds),
            parsed.GetRequiredValue(way),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo file, DirectoryInfo folder, double seconds, int rounds, string only, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>[] photos =
            [.. folder.GetFiles("*.jpg").OrderBy(photo => photo.Name, StringComparer.Ordinal).Select(photo => File.ReadAllBytes(photo.FullName))];
        var duration = TimeSpan.FromSeconds(seconds);

        // Once for what happens only once.
        _ = DecodingBenchmark.Measure(photos, duration, cancellationToken);
        var decoding = DecodingBenchmark.Measure(photos, duration, cancellationToken);
        var scale = DecodedBesideCard / decoding / 1000;
        var card = new StandInCard(MillisecondsOfRun.ToDictionary(time => time.Key, time => time.Value * scale));
        using var model = NanodetModel.Load(
            await File.ReadAllBytesAsync(file.FullName, cancellationToken),
            new ModelOptions { Provider = ExecutionProvider.Cpu },
            () => null,
            (session, description) => Open(session, description, card, photos));
        using var callers = new BenchmarkCallers(Environment.ProcessorCount);
        var ways = Ways(model, card, photos, callers, duration);
        ways.RemoveAll(way => way != ways[0] && !way.Name.Contains(only, StringComparison.Ordinal));
        var figures = ways.ToDictionary(way => way.Name, _ => new List<(double Rate, double ProcessorMs, double Busy, double Fill)>());
        for (var round = -1; round < rounds; round++)
        {
            foreach (var (name, measure) in ways)
            {
                _ = card.Read();
                using var process = Process.GetCurrentProcess();
                var (start, processor) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
                var rate = await measure(cancellationToken);
                var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                process.Refresh();
                var used = (process.TotalProcessorTime - processor).TotalMilliseconds;
                var (busy, runs, run) = card.Read();
                if (round >= 0)
                {
                    figures[name].Add((rate, used / (rate * elapsed), busy.TotalSeconds / elapsed, run / Math.Max(1.0, runs)));
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

    /// <summary>Each way, and what measures it, in images a second.</summary>
    private static List<(string Name, Func<CancellationToken, Task<double>> Measure)> Ways(
        NanodetModel model, StandInCard card, ReadOnlyMemory<byte>[] photos, BenchmarkCallers callers, TimeSpan duration)
    {
        var processors = Environment.ProcessorCount;
        var ways = new List<(string, Func<CancellationToken, Task<double>>)>
        {
            ($"decoding alone, {processors} threads", token => Task.FromResult(DecodingBenchmark.Measure(photos, duration, token))),
        };
        foreach (var size in new[] { 1, 8, 32, 64 })
        {
            var detector = new Detector(model, new DetectorOptions { MaxRunSize = size, DecodeThreads = 1 });
            ways.Add(($"{processors} callers, {size} a call", token => Task.FromResult(Call(detector, photos, size, callers, duration, token))));
        }

        foreach (var requests in new[] { 64, 256 })
        {
            ways.Add((
                $"a worker's batcher, {BatchingPlan.GpuLanes} lanes, {requests} requests",
                token => BatchAsync(model, new BatchingPlan(BatchingPlan.GpuLanes, card.Sizes.Max(), ""), photos, requests, duration, token)));
        }

        return ways;
    }

    private static double Call(
        Detector detector,
        ReadOnlyMemory<byte>[] photos,
        int size,
        BenchmarkCallers callers,
        TimeSpan duration,
        CancellationToken cancellationToken)
    {
        var (start, done) = (Stopwatch.GetTimestamp(), 0L);
        callers.Run(caller =>
        {
            for (var next = caller; Stopwatch.GetElapsedTime(start) < duration; next++)
            {
                ReadOnlyMemory<byte>[] images = [.. Enumerable.Range(next, size).Select(image => photos[image % photos.Length])];
                Interlocked.Add(ref done, detector.Detect(images, cancellationToken).Count);
            }
        });
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> BatchAsync(
        NanodetModel model,
        BatchingPlan plan,
        ReadOnlyMemory<byte>[] photos,
        int requests,
        TimeSpan duration,
        CancellationToken cancellationToken)
    {
        await using var batcher = new DetectionBatcher(model, plan, new BatchingOptions(), TimeProvider.System, NullLogger.Instance);
        return await BatcherBenchmark.MeasureAsync(batcher, photos, requests, duration, cancellationToken);
    }

    private static ShapedRuns Open(
        InferenceSession session, ModelDescription description, StandInCard card, IReadOnlyList<ReadOnlyMemory<byte>> photos)
    {
        using var runs = new SharedRuns(session, description);
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
