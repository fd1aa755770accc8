using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>
/// Figures, not checks: run by name with <c>-explicit only</c>. Quote ratios of one run; the machine decides the rest.
/// </summary>
public sealed class Measurements(ITestOutputHelper output)
{
    private const int Latencies = 50;

    [Fact(Explicit = true)]
    public async Task Latency_OfFiftyUploads_ByPollingAndByEvent()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var watch = Stopwatch.StartNew();
        var app = await deployment.StartAsync("all");
        await app.IsReadyAsync();
        Say($"start to ready: {watch.ElapsedMilliseconds} ms");

        var events = deployment.Queues.GetQueueClient("events");
        Say($"by polling: {await LatenciesAsync(deployment, "polled", _ => Task.CompletedTask)}");
        await app.Host.StopAsync(App.Cancellation);
        await deployment.StartAsync("all", ("AzureWebJobs.ImageUploaded.Disabled", "true"));
        var announced = await LatenciesAsync(
            deployment, "announced", name => events.SendMessageAsync(JsonSerializer.Serialize(new { container = "images", name })));
        Say($"by event: {announced}");
    }

    [Fact(Explicit = true)]
    public async Task Throughput_OfThreeHundred_ByPollingByEventAndByJob()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var app = await deployment.StartAsync("all", ("AzureWebJobs.ImageUploaded.Disabled", "true"));
        await app.IsReadyAsync();

        // Jobs first: they see only their own folder.
        var warmUp = SampleImages.Good(50, "warm");
        await deployment.Images.UploadAsync(warmUp);
        await app.JobEndsAsync(await app.StartJobAsync(new { prefix = "warm/" }));
        await deployment.Images.UploadAsync(SampleImages.Good(300, "job"));
        var before = Operations(deployment);
        var job = await app.JobEndsAsync(await app.StartJobAsync(new { prefix = "job/" }));
        Say($"job: {job.ImagesPerSecond} images/s, {(Operations(deployment) - before) / 300.0:F1} storage operations per image");

        var images = SampleImages.Good(300, "event").ToArray();
        await deployment.Images.UploadAsync(images);
        before = Operations(deployment);
        var watch = Stopwatch.StartNew();
        var events = deployment.Queues.GetQueueClient("events");
        await Parallel.ForEachAsync(images, async (image, token) =>
            await events.SendMessageAsync(JsonSerializer.Serialize(new { container = "images", name = image.Name }), token));
        await ComputedAsync(app, 50 + 600);
        Say($"events: {300 / watch.Elapsed.TotalSeconds:F1} images/s, "
            + $"{(Operations(deployment) - before) / 300.0:F1} storage operations per image");
        await deployment.QueuesAreEmptyAsync();
        await app.Host.StopAsync(App.Cancellation);

        await deployment.Images.UploadAsync(SampleImages.Good(300, "polled"));
        before = Operations(deployment);
        watch.Restart();
        app = await deployment.StartAsync("all");
        await deployment.RecordsAsync(50 + 900, 180);
        Say($"polling: {300 / watch.Elapsed.TotalSeconds:F1} images/s of new ones among 950, host start included, "
            + $"{(Operations(deployment) - before) / 950.0:F1} storage operations per blob seen");
    }

    /// <summary>
    /// A job over many small images with a model of some thousand parameters, so that everything but the detector is measured:
    /// <c>NANODET_BENCH_BLOBS</c> says how many, else 10,000, and <c>NANODET_BENCH_PAGE</c> how many a page, else 1,000. Each tenth says how
    /// memory and history stand. Azurite is the limit: the more blobs it holds, the slower it answers.
    /// </summary>
    [Fact(Explicit = true)]
    public async Task Job_OfManyBlobs_HoldsItsHistoryAndMemory()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("NANODET_BENCH_BLOBS") ?? "10000", CultureInfo.InvariantCulture);
        var pageSize = int.Parse(Environment.GetEnvironmentVariable("NANODET_BENCH_PAGE") ?? "1000", CultureInfo.InvariantCulture);
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var bytes = SampleImages.Good(1).Single().Bytes;
        await deployment.Images.UploadAsync(Enumerable.Range(0, count).Select(i => ($"many/{i / 1000:D4}/{i:D7}.png", bytes)));
        var app = await deployment.StartAsync("all", ("AzureWebJobs.ImageUploaded.Disabled", "true"));
        await app.IsReadyAsync();
        var before = Operations(deployment);
        var id = await app.StartJobAsync(new { prefix = "many/", pageSize });
        var (history, longest, largest, tenth) = (0, 0, 0L, 1);
        JobStatus job;
        while ((job = await app.JobAsync(id)).State == JobState.Running)
        {
            using var worker = Process.GetProcessById(app.Host.WorkerProcessId!.Value);
            using var own = Process.GetCurrentProcess();
            history = await HistoryAsync(app, id);
            longest = Math.Max(longest, history);
            largest = Math.Max(largest, worker.WorkingSet64);
            for (; job.Detected >= (long)count * tenth / 10; tenth++)
            {
                Say($"{job.Detected}: working set of the worker {worker.WorkingSet64 >> 20} MiB, "
                    + $"of host and test {own.WorkingSet64 >> 20} MiB, history {history} events, longest {longest}");
            }

            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, App.Cancellation);
        }

        Say($"{job.State}: {job.Discovered} discovered, {job.Detected} detected; {job.ImagesPerSecond} images/s; "
            + $"longest history of the job {longest} events; largest working set of the worker {largest >> 20} MiB; "
            + $"{(Operations(deployment) - before) / (double)count:F1} storage operations per image");
        Assert.Equal((JobState.Completed, count), (job.State, job.Detected));
    }

    /// <summary>
    /// The bulk job on real photos and a real model, and what the same machine does without the app: <c>NANODET_BENCH_MODEL</c> names an
    /// ONNX file, <c>NANODET_BENCH_PHOTOS</c> a folder of JPEG files, which are uploaded as often as it takes.
    /// </summary>
    [Fact(Explicit = true)]
    public async Task Job_OfThousandPhotos_AgainstTheModelAlone()
    {
        const int count = 1000;
        var model = await File.ReadAllBytesAsync(Variable("NANODET_BENCH_MODEL"), App.Cancellation);
        var photos = Directory.EnumerateFiles(Variable("NANODET_BENCH_PHOTOS"), "*.jpg").Order().Select(File.ReadAllBytes).ToArray();
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(model, "1");
        await deployment.Images.UploadAsync(Enumerable.Range(0, count).Select(i => ($"photos/{i:D4}.jpg", photos[i % photos.Length])));
        await deployment.Images.UploadAsync(Enumerable.Range(0, 100).Select(i => ($"warm/{i:D4}.jpg", photos[i % photos.Length])));

        var rates = new List<double>();
        var alone = new List<double>();
        var app = await deployment.StartAsync("all", ("AzureWebJobs.ImageUploaded.Disabled", "true"));
        await app.IsReadyAsync();
        await app.JobEndsAsync(await app.StartJobAsync(new { prefix = "warm/" }), 300);
        for (var round = 0; round < 3; round++)
        {
            alone.Add(RawRate(model, photos));
            var operations = Operations(deployment);
            var before = Cpu(deployment, app);
            var watch = Stopwatch.StartNew();
            var job = await app.JobEndsAsync(await app.StartJobAsync(new { prefix = "photos/", force = true }), 300);
            rates.Add(count / watch.Elapsed.TotalSeconds);
            var used = Cpu(deployment, app).Zip(before, (after, then) => (after - then).TotalMilliseconds / count).ToArray();
            Say(string.Create(
                CultureInfo.InvariantCulture,
                $"job: {job.Detected} detected, {rates[^1]:F1} images/s by the clock, {job.ImagesPerSecond} by the job; model alone {alone[^1]:F1}; "
                + $"{(Operations(deployment) - operations) / (double)count:F2} storage operations per image; "
                + $"processor time per image: worker {used[0]:F1} ms, host and engines {used[1]:F1} ms, Azurite {used[2]:F1} ms"));
        }

        Say($"ratio of medians: {rates.Order().ElementAt(1) / alone.Order().ElementAt(1):F2}");
    }

    /// <summary>Images per second of the detector itself, on every processor.</summary>
    private static double RawRate(byte[] bytes, byte[][] photos)
    {
        using var model = NanodetModel.Load(bytes, new ModelOptions { Provider = ExecutionProvider.Cpu, ConcurrentRuns = Environment.ProcessorCount });
        var detector = new Detector(model);
        var watch = Stopwatch.StartNew();
        Parallel.For(0, 300, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i => detector.Detect(photos[i % photos.Length]));
        return 300 / watch.Elapsed.TotalSeconds;
    }

    /// <summary>Processor time of the worker, of this process with the engines, and of Azurite.</summary>
    private static TimeSpan[] Cpu(Deployment deployment, App app) =>
    [
        .. new[] { app.Host.WorkerProcessId!.Value, Environment.ProcessId, deployment.AzuriteProcessId }.Select(id =>
        {
            using var process = Process.GetProcessById(id);
            return process.TotalProcessorTime;
        }),
    ];

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"Expected a path in the environment variable {name}, found none.");

    private static async Task<string> LatenciesAsync(Deployment deployment, string folder, Func<string, Task> announce)
    {
        var times = new List<double>();
        foreach (var (name, bytes) in SampleImages.Good(Latencies + 3, folder))
        {
            var watch = Stopwatch.StartNew();
            await deployment.Images.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(bytes), App.Cancellation);
            await announce(name);
            var record = deployment.Detections.GetBlobClient($"images/{name}.json");
            while (!await record.ExistsAsync(App.Cancellation))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, App.Cancellation);
            }

            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        // The first three warm up.
        double[] sorted = [.. times.Skip(3).Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"first {times[0]:F0} ms, p50 {sorted[Latencies / 2]:F0} ms, p95 {sorted[Latencies * 95 / 100]:F0} ms");
    }

    private static Task ComputedAsync(App app, long images) => Eventually.TrueAsync(
        async () => await app.ImagesComputedAsync() >= images, () => $"{images} images are computed", 180);

    private static int Operations(Deployment deployment)
    {
        using var log = new StreamReader(new FileStream(deployment.AccessLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var count = 0;
        while (log.ReadLine() is not null)
        {
            count++;
        }

        return count;
    }

    private static async Task<int> HistoryAsync(App app, string jobId)
    {
        var (_, instance) = await app.GetAsync($"runtime/webhooks/durabletask/instances/job-{jobId}?showHistory=true");
        return instance.TryGetProperty("historyEvents", out var events) ? events.GetArrayLength() : 0;
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
