using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>
/// From a file on this machine to a model that may serve: loaded, run once, held against its parity fixture, its batch size chosen.
/// </summary>
public sealed class ModelLoader(
    IOptions<WarmModelOptions> options,
    IOptions<BatchingOptions> batcher,
    IOptions<DetectorOptions> detector,
    TimeProvider time,
    ILogger<ModelLoader> logger,
    Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, IReadOnlyList<DetectionOutcome>>? detect = null)
{
    /// <summary>Loads a model for its owner.</summary>
    /// <param name="fetched">The file.</param>
    /// <param name="owner">Who keeps the model.</param>
    /// <param name="publishedName">
    /// The name that a request calls it by; null for the warm model. The batch size of the first is not measured: the cores are at work for
    /// the other.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ModelLoadException">It cannot be loaded, detects nothing, or does not reproduce its fixture.</exception>
    internal async Task<LoadedModel> LoadAsync(
        FetchedModel fetched, IModelOwner owner, string? publishedName, CancellationToken cancellationToken)
    {
        var batching = publishedName is null ? batcher.Value : batcher.Value with { CalibrationTime = TimeSpan.Zero };
        var model = await ReadAsync(fetched, publishedName, cancellationToken).ConfigureAwait(false);
        try
        {
            var parity = ParityFixture.Verify(model);
            if (parity.Problem is not null && model.OptimizedPath is { } optimized)
            {
                Log.OptimizedGraphRefused(logger, optimized);
                model.Dispose();
                File.Delete(optimized);
                model = await ReadAsync(fetched, publishedName, cancellationToken).ConfigureAwait(false);
                parity = ParityFixture.Verify(model);
            }

            // A model whose output cannot be read as detections is refused here, and not with the first image.
            _ = new Detector(model);
            parity.EnsurePassed();
            var plan = BatchingPlan.Choose(model, batching, detector.Value.RunSizeOn(model), time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            Log.BatchingChosen(logger, model.Description.Name, plan.Lanes, plan.MaxRunSize, plan.Reason);
            Log.RunsChosen(logger, model.Description.Name, model.Runs);
            if (model.Runs.Note is { } note)
            {
                Log.MemoryNotPinned(logger, note);
            }

            if (model.Form is { } form)
            {
                Log.FormChosen(logger, model.Description.Name, FormNames.Of(form.Form), form.Reason);
            }

            Log.GraphOptimized(logger, model.Optimization.Use, model.Optimization.Note);
            return new LoadedModel(
                model, owner, new DetectionBatcher(model, plan, batching, time, logger, detect))
            {
                PublishedName = publishedName,
                PublishedSha256 = fetched.Sha256,
                Pointed = fetched.Pointed,
            };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private async Task<NanodetModel> ReadAsync(FetchedModel fetched, string? publishedName, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var wanted = new ModelOptions
        {
            Provider = settings.Provider,
            RequireGpu = settings.RequireGpu,
            DeviceId = settings.DeviceId,
            IntraOpThreads = settings.IntraOpThreads,
            ConcurrentRuns = BatchingPlan.LanesOnCpu(batcher.Value),
            MemoryPattern = settings.MemoryPattern,
            GpuArenaGrowth = settings.GpuArenaGrowth,
            GpuMemoryBytes = settings.GpuMemoryBytes,
            OptimizedFolder = settings.OptimizedBytes > 0 ? Path.Combine(settings.Folder, "optimized") : null,
            OptimizedBytes = Math.Max(1L << 20, settings.OptimizedBytes),
            ConfigPath = ForeignModelConfig.FindBeside(fetched.Path),
            Version = fetched.Version ?? fetched.Manifest?.Version,
            Precision = publishedName is null ? settings.Precision : PrecisionChoice.Auto,
            Tf32 = settings.Tf32,
        };
        if (fetched.Manifest is not { } manifest)
        {
            var bytes = await File.ReadAllBytesAsync(fetched.Path, cancellationToken).ConfigureAwait(false);
            return Load(fetched.Path, bytes, fetched.Sha256, wanted, fetched.Name, fallbackReason: null);
        }

        var files = new Dictionary<ModelForm, byte[]>();
        foreach (var (form, path) in fetched.Forms)
        {
            files.Add(form, await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
        }

        return new FormLoader(
            manifest,
            wanted,
            (form, how, fallbackReason) => Load(
                fetched.Forms[form], files[form], manifest.Find(form)!.Sha256, how, fetched.Name, fallbackReason),
            time).Load(cancellationToken);
    }

    private static NanodetModel Load(
        string path, byte[] bytes, string sha256, ModelOptions wanted, string name, string? fallbackReason)
    {
        var model = NanodetModel.Load(
            bytes,
            wanted,
            () => wanted.ConfigPath is { } config ? ForeignModelConfig.ReadFile(config, name) : null,
            fallbackReason: fallbackReason);
        if (model.Sha256 == sha256)
        {
            return model;
        }

        // The file changed between the check and now.
        model.Dispose();
        throw ModelFetcher.Corrupt($"file '{path}'", sha256, model.Sha256);
    }
}
