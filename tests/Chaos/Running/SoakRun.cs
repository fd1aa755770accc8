using System.Diagnostics;
using Azure.Storage.Blobs;
using Nanodet.Serverless.Chaos.Tests.Audit;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>
/// Many images through one app that nobody disturbs, in rounds. What the app holds has to stay level: after the first third, in which
/// pools and caches fill, no later third may hold more than the second by <see cref="Tolerance"/>.
/// </summary>
internal sealed class SoakRun(int images, Action<string> say)
{
    /// <summary>Growth of the last third over the second that counts as level: garbage is collected when it suits.</summary>
    public const double Tolerance = 0.15;

    private const int RoundsAtLeast = 9;
    private const int LargestRound = 1000;

    // Of these a few more mean nothing.
    private const int SomeFiles = 20;
    private const int SomeThreads = 10;
    private const int SomeRows = 200;

    // A look lists every record, which is work for the emulator, too.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRound = TimeSpan.FromMinutes(10);

    /// <summary>Carries it out.</summary>
    /// <returns>What grew; empty when nothing did.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-soak-").FullName;
        say($"everything is kept in {folder}");
        await using var storage = await StorageProcess.StartAsync(folder, cancellationToken);
        var connection = storage.Proxy.CalmConnectionString;
        var blobs = new BlobServiceClient(connection);
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
            var expected = Math.Min(images, (samples.Count + 1) * round);
            await HaveRecordsAsync(blobs, expected, cancellationToken);
            var sample = await SampleAsync(app, connection, blobs, expected, watch.Elapsed, cancellationToken);
            samples.Add(sample);
            say($"{sample}");
        }

        if (process.Starts != 1)
        {
            return [$"expected one host, found {process.Starts} starts"];
        }

        Directory.Delete(folder, recursive: true);
        return Judge(samples);
    }

    /// <summary>What is larger in the last third than in the second.</summary>
    internal static IReadOnlyList<string> Judge(IReadOnlyList<SoakSample> samples)
    {
        var third = samples.Count / 3;
        var (second, last) = (samples.Skip(third).Take(third).ToList(), samples.Skip(2 * third).ToList());
        (string Name, Func<SoakSample, double> Of, double Some)[] held =
        [
            ("memory of the host", sample => sample.Host.Bytes, 0),
            ("open files of the host", sample => sample.Host.Files, SomeFiles),
            ("threads of the host", sample => sample.Host.Threads, SomeThreads),
            ("memory of the worker", sample => sample.Worker.Bytes, 0),
            ("open files of the worker", sample => sample.Worker.Files, SomeFiles),
            ("threads of the worker", sample => sample.Worker.Threads, SomeThreads),
            ("orchestrations", sample => sample.Instances, SomeRows),
            ("staging blobs", sample => sample.Staging, SomeRows),
        ];
        return
        [
            .. from one in held
               let before = second.Max(one.Of)
               let after = last.Max(one.Of)
               where after > (before * (1 + Tolerance)) + one.Some
               select $"{one.Name}: at most {before:F0} in the second third, {after:F0} in the last",
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

    private static async Task HaveRecordsAsync(BlobServiceClient blobs, int expected, CancellationToken cancellationToken)
    {
        var since = Stopwatch.StartNew();
        var found = 0;
        while (found < expected)
        {
            Assert.True(since.Elapsed < LongestRound, $"expected {expected} records, found {found} after {LongestRound}");
            await Task.Delay(Look, TimeProvider.System, cancellationToken);
            found = (await AccountState.NamesAsync(blobs.GetBlobContainerClient("detections"), cancellationToken)).Count;
        }
    }

    private static async Task<SoakSample> SampleAsync(
        App app, string connection, BlobServiceClient blobs, int images, TimeSpan elapsed, CancellationToken cancellationToken)
    {
        var (_, status) = await app.GetAsync("admin/host/status");
        return new SoakSample(
            images,
            elapsed.TotalSeconds,
            SoakSample.Process.Of(status.GetProperty("processId").GetInt32()),
            SoakSample.Process.Of(status.GetProperty("workerProcessId").GetInt32()),
            (await AccountState.ReadInstancesAsync(connection, cancellationToken)).Count,
            (await AccountState.NamesAsync(blobs.GetBlobContainerClient("staging"), cancellationToken)).Count);
    }
}
