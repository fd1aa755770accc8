using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>The steps of a batch on a ready model: look up, claim, download, detect, stage.</summary>
public sealed class BatchDetection(
    WarmDetector detector,
    ModelSelector selector,
    ImageSource source,
    ResultRecords records,
    ImageClaims claims,
    BatchStaging staging,
    PictureWriter pictures,
    IOptions<WorkerOptions> options,
    IOptions<LogOptions> log,
    TimeProvider time,
    ILogger<BatchDetection> logger)
{
    /// <summary>Null when the batch has to be alone and is not: see <see cref="BatchWork.HasToBeAlone"/>.</summary>
    internal async Task<BatchDetected?> RunAsync(
        BatchReference batch,
        IReadOnlyList<ImageMessage> messages,
        ModelLease lease,
        BatchWork work,
        CancellationToken cancellationToken)
    {
        var begin = time.GetUtcNow();
        var images = messages.Select(message => new BatchImage(message)).ToArray();
        var models = await SelectAsync(batch, images, lease, cancellationToken).ConfigureAwait(false);
        string? stagingBlob = null;
        try
        {
            await ForEachAsync(
                images, image => LookUpAsync(batch, image, models, lease.Model.UsesTf32, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            if (await work.IsRefusedAsync(images, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            await claims.ClaimAsync(batch, images, cancellationToken).ConfigureAwait(false);
            var open = images.Where(image => image.Outcome is null).ToArray();
            var suspects = work.IsAlone ? await work.FindSuspectsAsync(open, cancellationToken).ConfigureAwait(false) : [];
            foreach (var wave in Waves([.. open.Except(suspects)]))
            {
                await RunAsync(batch, wave, lease, models, cancellationToken).ConfigureAwait(false);
            }

            if (suspects.Count > 0)
            {
                await RunOneByOneAsync(batch, images, suspects, lease, models, work, cancellationToken).ConfigureAwait(false);
            }

            var outcomes = images.Select(image => Trace(image, begin)).ToArray();
            var detected = await staging.WriteAsync(batch, outcomes, cancellationToken).ConfigureAwait(false);
            stagingBlob = detected.StagingBlob;
            Count(outcomes);
            return detected;
        }
        finally
        {
            claims.Leave(images, stagingBlob);
        }
    }

    private async Task RunAsync(
        BatchReference batch,
        BatchImage[] wave,
        ModelLease lease,
        IReadOnlyDictionary<string, SelectedModel> models,
        CancellationToken cancellationToken)
    {
        await ForEachAsync(wave, image => DownloadAsync(batch, image, cancellationToken), cancellationToken).ConfigureAwait(false);
        await DetectAsync(batch, wave, lease, models, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// After a process died: storage knows at every moment which image is at hand, and an image at which processes died too often is not
    /// touched again.
    /// </summary>
    private async Task RunOneByOneAsync(
        BatchReference batch,
        BatchImage[] images,
        IReadOnlyCollection<BatchImage> suspects,
        ModelLease lease,
        IReadOnlyDictionary<string, SelectedModel> models,
        BatchWork work,
        CancellationToken cancellationToken)
    {
        Log.BatchOneByOne(logger, batch.BatchId, suspects.Count, images.Length);
        var deaths = await work.CountDeathsAsync(suspects, cancellationToken).ConfigureAwait(false);
        var faults = new List<(BatchImage Image, Exception Fault)>();
        foreach (var image in suspects)
        {
            if (deaths.GetValueOrDefault(image.Subject) >= BatchWork.MostDeaths)
            {
                Fail(batch, image, Crashed());
                continue;
            }

            await work.ComeToAsync(image.Subject, cancellationToken).ConfigureAwait(false);
            try
            {
                await RunAsync(batch, [image], lease, models, cancellationToken).ConfigureAwait(false);
            }
            catch (OnnxRuntimeException exception) when (!SessionFault.IsLost(exception) && EnvironmentFault.From(exception) is null)
            {
                faults.Add((image, exception));
            }
        }

        await work.ComeToAsync(null, cancellationToken).ConfigureAwait(false);
        Blame(batch, images, faults);
    }

    /// <summary>
    /// As in a run of many: an image that the model fails on is a failure while others ran; when none did, it is the model's.
    /// </summary>
    private void Blame(BatchReference batch, BatchImage[] images, List<(BatchImage Image, Exception Fault)> faults)
    {
        var others = images.Count(image => image.Outcome?.Result is { BatchSize: > 0 });
        if (faults.Count > 0 && others == 0)
        {
            ExceptionDispatchInfo.Throw(faults[0].Fault);
        }

        foreach (var (image, fault) in faults)
        {
            image.Content = default;
            Fail(batch, image, new DetectionError(
                FailureCodes.InferenceFailed,
                $"Expected the model to run on this image as it did on {others} others, found: {fault.Message}"));
        }
    }

    private DetectionError Crashed() => new(
        FailureCodes.WorkerCrashed,
        $"Expected the worker to outlive this image; its process ended {BatchWork.MostDeaths} times while it worked on this image and on "
        + $"no other. What it said last may be in the app's log ({log.Value.Location}). The image is not tried again unless a job asks for "
        + "it with 'force', or with 'onlyFailed' and 'includeCrashed'.");

    private Task ForEachAsync(IEnumerable<BatchImage> images, Func<BatchImage, Task> step, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            images.Where(image => image.Outcome is null),
            new ParallelOptions { MaxDegreeOfParallelism = options.Value.DownloadConcurrency, CancellationToken = cancellationToken },
            async (image, _) => await step(image).ConfigureAwait(false));

    /// <summary>The model for each name that the images' requests have; the empty one stands for none.</summary>
    private async Task<IReadOnlyDictionary<string, SelectedModel>> SelectAsync(
        BatchReference batch, BatchImage[] images, ModelLease warm, CancellationToken cancellationToken)
    {
        var models = new Dictionary<string, SelectedModel>(StringComparer.Ordinal);
        foreach (var requested in images.Select(image => RequestedModel(batch, image)).Distinct())
        {
            models[requested] = await selector
                .SelectAsync(warm, requested.Length == 0 ? null : requested, cancellationToken).ConfigureAwait(false);
        }

        return models;
    }

    /// <summary>Finds the image's identity out, and whether its result is there.</summary>
    private async Task LookUpAsync(
        BatchReference batch,
        BatchImage image,
        IReadOnlyDictionary<string, SelectedModel> models,
        bool usesTf32,
        CancellationToken cancellationToken)
    {
        var requested = RequestedOptions(batch, image);
        if (await source.LookUpAsync(image, cancellationToken).ConfigureAwait(false) is { } error)
        {
            Fail(batch, image, error);
            return;
        }

        var model = models[RequestedModel(batch, image)];
        if (model.Error is { } problem)
        {
            Fail(batch, image, problem);
            return;
        }

        // Other models are loaded with the same settings, on the same provider.
        var options = ResultOptions.From(detector.OptionsFor(requested)) with { Tf32 = usesTf32 };
        image.Identity = IdentityOf(image, model.Sha256, options);
        if (batch.Force)
        {
            return;
        }

        var record = await records.FindAsync(image.Message.Container, image.Message.Name, cancellationToken).ConfigureAwait(false);
        if (record?.Identity == image.Identity)
        {
            image.Skip();
        }
    }

    /// <summary>Parts whose encoded bytes may be in memory together.</summary>
    private IEnumerable<BatchImage[]> Waves(BatchImage[] images)
    {
        var wave = new List<BatchImage>();
        var bytes = 0L;
        foreach (var image in images.Where(image => image.Outcome is null))
        {
            if (wave.Count > 0 && bytes + image.Bytes > options.Value.MaxBytesInMemory)
            {
                yield return [.. wave];
                wave.Clear();
                bytes = 0;
            }

            wave.Add(image);
            bytes += image.Bytes ?? 0;
        }

        if (wave.Count > 0)
        {
            yield return [.. wave];
        }
    }

    private async Task DownloadAsync(BatchReference batch, BatchImage image, CancellationToken cancellationToken)
    {
        if (await source.DownloadAsync(image, cancellationToken).ConfigureAwait(false) is { } error)
        {
            Fail(batch, image, error);
        }
    }

    private async Task DetectAsync(
        BatchReference batch,
        BatchImage[] wave,
        ModelLease warm,
        IReadOnlyDictionary<string, SelectedModel> models,
        CancellationToken cancellationToken)
    {
        // One other model at a time: a batch that held one while it waits for the next could wait for a batch that does the same.
        foreach (var group in wave.Where(image => image.Outcome is null).GroupBy(image => RequestedModel(batch, image)))
        {
            var model = models[group.Key];
            var (lease, error) = await selector.LeaseAsync(warm, model, options.Value.ReadyWait, cancellationToken).ConfigureAwait(false);
            using var other = model.Other is null ? null : lease;
            if (error is not null)
            {
                Refuse(batch, group, error);
            }
            else
            {
                await DetectAsync(
                    batch,
                    [.. group],
                    lease ?? throw ModelSelector.NotNow(group.Key, options.Value.ReadyWait),
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The claims end here: such a failure is no result that another batch could rely on.</summary>
    private void Refuse(BatchReference batch, IEnumerable<BatchImage> images, DetectionError error)
    {
        foreach (var image in images)
        {
            image.Content = default;
            claims.Leave([image], stagingBlob: null);
            Fail(batch, image, error);
        }
    }

    private async Task DetectAsync(BatchReference batch, BatchImage[] group, ModelLease lease, CancellationToken cancellationToken)
    {
        foreach (var same in group.GroupBy(image => RequestedOptions(batch, image)))
        {
            var images = same.ToArray();
            using var activity = PipelineTelemetry.Source.StartActivity("nanodet.batch.infer");
            activity?.SetTag("nanodet.batch.size", images.Length);
            IReadOnlyList<DetectionOutcome> outcomes;
            Detector used;
            try
            {
                (outcomes, used) = await detector.DetectAsync(
                    [.. images.Select(image => image.Content)],
                    [.. images.Select(image => image.Message.Name)],
                    same.Key,
                    lease,
                    cancellationToken).ConfigureAwait(false);
            }
            catch (FilterException exception)
            {
                Refuse(batch, images, new DetectionError(exception.Code, exception.Message));
                continue;
            }

            if (batch.Pictures is { } wanted)
            {
                await DrawAsync(wanted, images, outcomes, cancellationToken).ConfigureAwait(false);
            }

            for (var i = 0; i < images.Length; i++)
            {
                var image = images[i];
                image.Content = default;
                var result = DetectionResult.Create(
                    outcomes[i], image.ToReference(), used, time.GetUtcNow(), JobId(batch, image));
                var identity = IdentityOf(image, result.Model!.Sha256, result.Options!);
                if (identity != image.Identity)
                {
                    // The session was lost, and another model, form or provider took its place: the claim keeps the old identity, the
                    // result has its own. A forced image has claimed nothing, and must not end another batch's claim.
                    claims.Leave([image], stagingBlob: null);
                    image.Identity = identity;
                }

                Finish(image, result);
            }
        }
    }

    private Task DrawAsync(
        BatchPictures wanted, BatchImage[] images, IReadOnlyList<DetectionOutcome> outcomes, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, images.Length).Where(i => outcomes[i].Succeeded),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken },
            async (i, token) => await pictures.WriteAsync(
                wanted, images[i].Message.Container, images[i].Message.Name, images[i].Content, outcomes[i].Detections!, token)
                .ConfigureAwait(false));

    private void Fail(BatchReference batch, BatchImage image, DetectionError error) => Finish(
        image,
        DetectionResult.CreateFailure(error, image.ToReference(), time.GetUtcNow(), JobId(batch, image)));

    private void Finish(BatchImage image, DetectionResult result)
    {
        image.Finish(result);
        if (result.Error is { } error)
        {
            Log.ImageFailed(logger, image.Message.Container, image.Message.Name, error.Code, error.Message);
        }
    }

    private static string IdentityOf(BatchImage image, string modelSha256, ResultOptions used) =>
        ResultIdentity.Compute(image.Message.Container, image.Message.Name, image.Etag!, modelSha256, used.ComputeHash());

    private static string RequestedModel(BatchReference batch, BatchImage image) => RequestedOptions(batch, image)?.Model ?? string.Empty;

    private static DetectionRequestOptions? RequestedOptions(BatchReference batch, BatchImage image) =>
        batch.Options ?? image.Message.Options;

    private static string? JobId(BatchReference batch, BatchImage image) => batch.JobId ?? image.Message.JobId;

    /// <summary>Each image keeps the trace that it came with; the writing of its record goes on with it.</summary>
    private static StagedImage Trace(BatchImage image, DateTimeOffset begin)
    {
        var outcome = image.Outcome!;
        using var activity = TraceContext.StartImage("nanodet.image.detect", image.Message.Traceparent, begin);
        activity?.SetTag("nanodet.image.status", StatusOf(outcome));
        var traceparent = activity?.Id ?? image.Message.Traceparent;
        return traceparent is null ? outcome : outcome with { Traceparent = traceparent };
    }

    private static string StatusOf(StagedImage outcome) =>
        outcome.Result is { } result ? DetectionStatusConverter.Text(result.Status) : "skipped";

    private static void Count(StagedImage[] outcomes)
    {
        foreach (var outcome in outcomes)
        {
            PipelineTelemetry.CountImage(StatusOf(outcome), outcome.Result?.Error?.Code);
        }
    }
}
