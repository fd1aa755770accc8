using System.Diagnostics;
using Azure.Storage.Blobs;
using Nanodet.Serverless.Chaos.Tests.Audit;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>
/// Many images through one app that nobody disturbs, in rounds. What the app holds has to stay level: after the first third, in which
/// pools and caches fill, no later third may hold more than the second by <see cref="Tolerance"/>. The same goes for the processor time
/// of a round. A round comes in one burst, and the last of it has its record <see cref="LongestWait"/> after the last upload.
/// </summary>
/// <remarks>
/// A round's images and records are deleted after it, as a rule of an account's life cycle does. Azurite needs more time for every request
/// the more blobs it has: without that the rounds would become slower and slower, and none of it would be the app's doing.
/// </remarks>
internal sealed class SoakRun(int images, Action<string> say)
{
    /// <summary>Growth of the last third over the second that counts as level: garbage is collected when it suits.</summary>
    public const double Tolerance = 0.15;

    /// <summary>How long a person who drops a folder waits for its last record, at most.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private const int RoundsAtLeast = 9;
    private const int LargestRound = 1000;

    // Of these a few more mean nothing.
    private const int SomeFiles = 20;
    private const int SomeThreads = 10;
    private const int SomeRows = 200;
    private const int SomeSeconds = 2;

    // A look lists every record, which is work for the emulator, too.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRound = TimeSpan.FromMinutes(10);

    /// <summary>Carries it out.</summary>
    /// <returns>What grew; empty when nothing did.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-soak-").FullName;
        say($"everything is kept in {folder}");
        var (starts, samples) = await RunAsync(folder, cancellationToken);
        if (starts != 1)
        {
            return [$"expected one host, found {starts} starts"];
        }

        Directory.Delete(folder, recursive: true);
        return Judge(samples);
    }

    private async Task<(int Starts, List<SoakSample> Samples)> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var storage = await StorageProcess.StartAsync(folder, cancellationToken);
        var blobs = new BlobServiceClient(storage.Proxy.CalmConnectionString);
        await storage.PrepareAsync([Uploader.StreamContainer], cancellationToken);
        await using var process = new AppProcess(Options(folder, storage), Path.Combine(folder, "app.log"));
        var app = await process.App;
        await app.IsReadyAsync(120);

        var samples = new List<SoakSample>();
        var watch = Stopwatch.StartNew();
        var round = Math.Min(LargestRound, Math.Max(1, images / RoundsAtLeast));
        say(SoakSample.Header);
        foreach (var chunk in SampleImages.Good(images, "soak").Chunk(round))
        {
            await blobs.GetBlobContainerClient(Uploader.StreamContainer).UploadAsync(chunk);
            var wait = await HaveRecordsAsync(blobs, chunk.Length, cancellationToken);
            var ended = Math.Min(images, (samples.Count + 1) * round);
            samples.Add(await SampleAsync(app, storage, blobs, ended, watch.Elapsed, wait, cancellationToken));
            say($"{samples[^1]}");
            await DeleteAsync(blobs, chunk.Select(image => image.Name), cancellationToken);
        }

        return (process.Starts, samples);
    }

    /// <summary>What is larger in the last third than in the second, and rounds that took too long.</summary>
    internal static IReadOnlyList<string> Judge(IReadOnlyList<SoakSample> samples)
    {
        var third = samples.Count / 3;
        var (second, last) = (samples.Skip(third).Take(third).ToList(), samples.Skip(2 * third).ToList());
        var before = samples.Zip(samples.Skip(1)).ToDictionary(pair => pair.Second, pair => pair.First);
        double Spent(SoakSample sample, Func<SoakSample, SoakSample.Process> of) => of(sample).Processor - of(before[sample]).Processor;

        (string Name, Func<SoakSample, double> Of, double Some)[] held =
        [
            ("memory of the host", sample => sample.Host.Bytes, 0),
            ("open files of the host", sample => sample.Host.Files, SomeFiles),
            ("threads of the host", sample => sample.Host.Threads, SomeThreads),
            ("memory of the worker", sample => sample.Worker.Bytes, 0),
            ("open files of the worker", sample => sample.Worker.Files, SomeFiles),
            ("threads of the worker", sample => sample.Worker.Threads, SomeThreads),
            ("processor seconds of the host for a round", sample => Spent(sample, one => one.Host), SomeSeconds),
            ("processor seconds of the worker for a round", sample => Spent(sample, one => one.Worker), SomeSeconds),
            ("orchestrations", sample => sample.Instances, SomeRows),
            ("staging blobs", sample => sample.Staging, SomeRows),
        ];
        return
        [
            .. from one in held
               let most = second.Max(one.Of)
               let after = last.Max(one.Of)
               where after > (most * (1 + Tolerance)) + one.Some
               select $"{one.Name}: at most {most:F0} in the second third, {after:F0} in the last",
            .. from sample in samples
               where sample.Wait > LongestWait.TotalSeconds
               select $"the last record of the images up to {sample.Images}: {sample.Wait:F0} s after the last upload, expected {LongestWait.TotalSeconds:F0}",
        ];
    }

    private static FunctionHostOptions Options(string folder, StorageProcess storage) => new()
    {
        AppDirectory = Deployment.AppDirectory,
        HostId = "soak",
        StorageConnectionString = storage.Proxy.CalmConnectionString,
        Settings = new Dictionary<string, string>(AppSettings.ForRole("all"))
        {
            ["Nanodet__Model__CacheFolder"] = Path.Combine(folder, "models"),
            ["AzureWebJobs.CheckpointUploaded.Disabled"] = "true",

            // What a month does, in a minute.
            ["Nanodet__History__Retention"] = "00:01:00",
            ["Nanodet__History__Schedule"] = "*/20 * * * * *",
        },
    };

    private static async Task<TimeSpan> HaveRecordsAsync(BlobServiceClient blobs, int expected, CancellationToken cancellationToken)
    {
        var since = Stopwatch.StartNew();
        var found = 0;
        while (found < expected)
        {
            Assert.True(since.Elapsed < LongestRound, $"expected {expected} records, found {found} after {LongestRound}");
            await Task.Delay(Look, TimeProvider.System, cancellationToken);
            found = (await AccountState.NamesAsync(blobs.GetBlobContainerClient("detections"), cancellationToken)).Count;
        }

        return since.Elapsed;
    }

    private static async Task DeleteAsync(BlobServiceClient blobs, IEnumerable<string> images, CancellationToken cancellationToken)
    {
        var (container, records) = (blobs.GetBlobContainerClient(Uploader.StreamContainer), blobs.GetBlobContainerClient("detections"));
        await Parallel.ForEachAsync(
            images,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (image, token) =>
            {
                await container.DeleteBlobAsync(image, cancellationToken: token);
                await records.DeleteBlobAsync(ResultName.For(Uploader.StreamContainer, image), cancellationToken: token);
            });
    }

    private static async Task<SoakSample> SampleAsync(
        App app,
        StorageProcess storage,
        BlobServiceClient blobs,
        int images,
        TimeSpan elapsed,
        TimeSpan wait,
        CancellationToken cancellationToken)
    {
        var (_, status) = await app.GetAsync("admin/host/status");
        return new SoakSample(
            images,
            elapsed.TotalSeconds,
            wait.TotalSeconds,
            SoakSample.Process.Of(status.GetProperty("processId").GetInt32()),
            SoakSample.Process.Of(status.GetProperty("workerProcessId").GetInt32()),
            SoakSample.Process.Of(storage.ProcessId),
            (await AccountState.ReadInstancesAsync(storage.Proxy.CalmConnectionString, cancellationToken)).Count,
            (await AccountState.NamesAsync(blobs.GetBlobContainerClient("staging"), cancellationToken)).Count);
    }
}
