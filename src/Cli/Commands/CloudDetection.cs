using Azure;
using Azure.Storage.Blobs;
using Nanodet.Detection.Annotation;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Images;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Has a running app detect images of the file system: uploads them, runs a job over them, fetches the results.</summary>
/// <param name="client">The app.</param>
/// <param name="storage">Its storage account.</param>
/// <param name="report">Where progress goes.</param>
internal sealed class CloudDetection(AppClient client, CloudStorage storage, Report report)
{
    private const int Transfers = 8;
    private const int Attempts = 60;
    private const int MostRepeats = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Detects.</summary>
    /// <param name="files">The images.</param>
    /// <param name="output">Folder for results.</param>
    /// <param name="detector">How to detect.</param>
    /// <param name="annotate">Whether to draw pictures.</param>
    /// <param name="cancellationToken">Ends the wait; what was uploaded stays.</param>
    public async Task<DetectReport> RunAsync(
        ImageFiles files, DirectoryInfo output, DetectorOptions detector, bool annotate, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var prefix = $"cli/{clock.GetUtcNow():yyyyMMdd'T'HHmmss}-{Guid.NewGuid().ToString("n")[..8]}/";
        if (detector.Filter is { Regions.Count: > 0 } filter)
        {
            // The images have other names in storage.
            var regions = filter.Regions.Select(region => region.Images is { } images ? region with { Images = prefix + images } : region);
            detector = detector with { Filter = new DetectionFilter(filter.Classes, filter.ClassThresholds, regions) };
        }

        var options = ResultOptions.From(detector);
        var (uploaded, unreadable) = await UploadAsync(files, prefix, output, cancellationToken);
        if (uploaded.Files.Count == 0)
        {
            return ReportOf(files, unreadable, job: null, clock.GetElapsedTime(started));
        }

        var request = new JobRequest
        {
            Prefix = prefix,
            Options = new DetectionRequestOptions
            {
                ScoreThreshold = options.ScoreThreshold,
                IouThreshold = options.IouThreshold,
                MaxDetections = options.MaxDetections,
                FastDecode = options.FastDecode,
                Slices = detector.Slices,
                Classes = options.Classes,
                ClassThresholds = options.ClassThresholds,
                Regions = detector.Filter is { Regions.Count: > 0 } named ? named.Regions : null,
            },
        };
        var (job, images) = await DetectAsync(request, uploaded, output, annotate, cancellationToken);

        // The app sees the uploads by itself, too, and detects them with its own options; where those differ and its results came
        // last, the job runs again, now alone.
        bool IsOther(DetectedImage image) => image.Result.Options is { } used && !IsAsAsked(used, options);
        for (var again = 0; images.FirstOrDefault(IsOther) is { } other; again++)
        {
            if (again == MostRepeats)
            {
                throw new CliException(
                    "options_not_kept",
                    $"expected results with {options}, found {other.Result.Options} in {other.Result.Image.Name} "
                        + $"after {MostRepeats + 1} jobs; something else detects the same images.");
            }

            (job, images) = await DetectAsync(request, uploaded, output, annotate, cancellationToken);
        }

        DetectedImage[] all = [.. images.Concat(unreadable).OrderBy(image => image.Result.Image.Name, StringComparer.Ordinal)];
        return ReportOf(files, all, job, clock.GetElapsedTime(started));
    }

    /// <summary>
    /// Whether a result was made as asked for. What was not asked for is the app's: slices of its own, with which no image is decoded
    /// fast, and TF32.
    /// </summary>
    /// <param name="used">What the result says.</param>
    /// <param name="asked">What was asked for.</param>
    internal static bool IsAsAsked(ResultOptions used, ResultOptions asked) => asked.Slices is null && used.Slices is not null
        ? used with { Slices = null, FastDecode = asked.FastDecode, Tf32 = false } == asked
        : used with { Tf32 = false } == asked;

    private static DetectReport ReportOf(ImageFiles files, IReadOnlyList<DetectedImage> images, JobStatus? job, TimeSpan duration)
    {
        var first = images.FirstOrDefault(image => image.Result.Model is not null)?.Result;
        var tally = DetectTally.Of(images);
        return new DetectReport
        {
            Model = first?.Model,
            Provider = first?.Provider,
            ProviderNote = null,
            Images = images,
            Detected = tally.Detected,
            Failed = tally.Failed,
            DetectionsByClass = tally.ByClass,
            FailuresByCode = tally.ByCode,
            Ignored = files.Ignored,
            JobId = job?.JobId,
            LoadMs = null,
            DetectMs = duration.TotalMilliseconds,
        };
    }

    private async Task<(JobStatus Job, IReadOnlyList<DetectedImage> Images)> DetectAsync(
        JobRequest request, ImageFiles files, DirectoryInfo output, bool annotate, CancellationToken cancellationToken)
    {
        var job = await client.StartAsync(request, cancellationToken);
        job = await WatchCommand.WaitAsync(client, job.JobId, report, cancellationToken);
        return job.State == JobState.Completed
            ? (job, await DownloadAsync(files, request.Prefix!, output, annotate, cancellationToken))
            : throw new CliException(
                $"job_{JobStateConverter.Text(job.State)}",
                job.Error ?? $"job {job.JobId} ended as {JobStateConverter.Text(job.State)}.");
    }

    /// <summary>Uploads what can be read; each of the others has its failure.</summary>
    private async Task<(ImageFiles Uploaded, IReadOnlyList<DetectedImage> Unreadable)> UploadAsync(
        ImageFiles files, string prefix, DirectoryInfo output, CancellationToken cancellationToken)
    {
        var container = storage.Clients.Blobs.GetBlobContainerClient(storage.Names.Images);
        var failures = new DetectedImage?[files.Files.Count];
        await report.ProgressAsync("uploading", async progress =>
        {
            var done = 0;
            var rate = new ProgressRate(TimeProvider.System);
            await Parallel.ForEachAsync(Enumerable.Range(0, failures.Length), Parallelism(cancellationToken), async (index, token) =>
            {
                var name = files.Files[index];
                var (stream, problem) = ImageFileReader.TryOpen(Path.Combine(files.Root, name));
                if (stream is null)
                {
                    failures[index] = await FolderDetection.FailAsync(name, problem!, new FolderOutput(output), TimeProvider.System, token);
                }
                else
                {
                    await using (stream)
                    {
                        await container.GetBlobClient(prefix + name).UploadAsync(stream, overwrite: true, token);
                    }
                }

                var sent = Interlocked.Increment(ref done);
                progress.Report(rate.Describe("uploading", sent, files.Files.Count), sent, files.Files.Count);
            });
        });
        return (
            files with { Files = [.. files.Files.Where((_, index) => failures[index] is null)] },
            [.. failures.OfType<DetectedImage>()]);
    }

    private async Task<IReadOnlyList<DetectedImage>> DownloadAsync(
        ImageFiles files, string prefix, DirectoryInfo output, bool annotate, CancellationToken cancellationToken)
    {
        var container = storage.Clients.Blobs.GetBlobContainerClient(storage.Names.Detections);
        var images = new DetectedImage[files.Files.Count];
        await report.ProgressAsync("fetching", async progress =>
        {
            var done = 0;
            var rate = new ProgressRate(TimeProvider.System);
            await Parallel.ForEachAsync(Enumerable.Range(0, images.Length), Parallelism(cancellationToken), async (index, token) =>
            {
                images[index] = await DownloadAsync(container, files, files.Files[index], prefix, output, annotate, token);
                var fetched = Interlocked.Increment(ref done);
                progress.Report(rate.Describe("fetching", fetched, images.Length), fetched, images.Length);
            });
        });
        return images;
    }

    private async Task<DetectedImage> DownloadAsync(
        BlobContainerClient container,
        ImageFiles files,
        string name,
        string prefix,
        DirectoryInfo output,
        bool annotate,
        CancellationToken cancellationToken)
    {
        var blob = container.GetBlobClient(ResultName.For(storage.Names.Images, prefix + name));
        var content = await ReadAsync(blob, cancellationToken);
        var result = DetectionResult.Parse(content);
        return await new FolderOutput(output).WriteAsync(
            name,
            result,
            content.ToMemory(),
            annotate && result.Detections is { } detections ? () => DrawAsync(files, name, detections, cancellationToken) : null,
            cancellationToken);
    }

    private static async Task<ReadOnlyMemory<byte>> DrawAsync(
        ImageFiles files, string name, IReadOnlyList<DetectedObject> detections, CancellationToken cancellationToken)
    {
        var encoded = await ImageFileReader.ReadAsync(files, name, new ImageLimits().MaxBytes, cancellationToken);
        return Annotator.Annotate(encoded.Bytes.Span, detections);
    }

    /// <summary>
    /// Reads a result. One that another batch writes at this moment counts as skipped in the job and is there a little later.
    /// </summary>
    private static async Task<BinaryData> ReadAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await blob.DownloadContentAsync(cancellationToken)).Value.Content;
            }
            catch (RequestFailedException exception) when (exception.Status == 404 && attempt < Attempts)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }

    private static ParallelOptions Parallelism(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Transfers, CancellationToken = cancellationToken };
}
