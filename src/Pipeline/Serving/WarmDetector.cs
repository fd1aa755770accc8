using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>
/// Detects images with the warm model: all of them through its batcher, whoever asks. Outlives a lost GPU; the batcher outlives one that is
/// short of memory.
/// </summary>
public sealed class WarmDetector
{
    private static readonly TimeSpan RebuildLimit = TimeSpan.FromMinutes(2);

    private readonly WarmModel _model;
    private readonly ModelSelector _selector;
    private readonly DetectorOptions _options;
    private readonly TimeProvider _time;

    /// <summary>A detector over the warm model.</summary>
    /// <param name="model">The warm model.</param>
    /// <param name="selector">Finds the model that a request names.</param>
    /// <param name="options">How to detect, where a request does not say otherwise.</param>
    /// <param name="time">The clock.</param>
    public WarmDetector(WarmModel model, ModelSelector selector, IOptions<DetectorOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _model = model;
        _selector = selector;
        _options = options.Value;
        _time = time;
    }

    /// <summary>Detects one image that lies in no storage: <c>POST /api/detect</c>.</summary>
    /// <param name="image">The bytes of an image file.</param>
    /// <param name="name">A name for the result.</param>
    /// <param name="options">How to detect; null for the app's settings.</param>
    /// <param name="limit">How long to wait for a model that is not ready.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The result, possibly a failure; null when the warm model is not ready.</returns>
    /// <exception cref="ModelLoadException">
    /// Another model cannot be used now, or a lost session cannot be built again, for a reason that is not the model's own.
    /// </exception>
    /// <exception cref="EnvironmentException">The machine lacks what detection needs.</exception>
    /// <exception cref="PipelineException">An option is out of its range.</exception>
    public async Task<DetectionResult?> DetectAsync(
        ReadOnlyMemory<byte> image,
        string name,
        DetectionRequestOptions? options,
        TimeSpan limit,
        CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        MessageReader.Validate(options);
        using var lease = await _model.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            return null;
        }

        var reference = new ImageReference(null, name, null, image.Length);
        var selected = await _selector.SelectAsync(lease, options?.Model, cancellationToken).ConfigureAwait(false);
        var (used, error) = await _selector.LeaseAsync(lease, selected, limit, cancellationToken).ConfigureAwait(false);
        using (used)
        {
            if (error is not null)
            {
                return DetectionResult.CreateFailure(error, reference, _time.GetUtcNow());
            }

            try
            {
                var detection = await DetectAsync(
                    [image], [name], options, used ?? throw ModelSelector.NotNow(options?.Model, limit), cancellationToken)
                    .ConfigureAwait(false);
                return DetectionResult.Create(detection.Outcomes[0], reference, detection.Detector, _time.GetUtcNow());
            }
            catch (FilterException exception)
            {
                return DetectionResult.CreateFailure(new DetectionError(exception.Code, exception.Message), reference, _time.GetUtcNow());
            }
        }
    }

    /// <summary>Detects images; a fault of the session is survived as long as another try makes sense.</summary>
    /// <exception cref="FilterException">The model has no such class.</exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">The run failed for good.</exception>
    /// <exception cref="EnvironmentException">
    /// The machine lacks what detection needs; the model does not serve until it is there.
    /// </exception>
    internal async Task<(IReadOnlyList<DetectionOutcome> Outcomes, Detector Detector)> DetectAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        IReadOnlyList<string> names,
        DetectionRequestOptions? requested,
        ModelLease lease,
        CancellationToken cancellationToken)
    {
        var options = OptionsFor(requested);
        ModelLease? renewed = null;
        try
        {
            try
            {
                return await DetectAsync(lease, options, images, names, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (SessionFault.IsLost(exception))
            {
                // One new session is worth a try; nothing else is.
                renewed = await RenewAsync(lease, requested?.Model, exception, cancellationToken).ConfigureAwait(false);
                return await DetectAsync(renewed, options, images, names, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            // Whatever fails on this machine now would fail with the next images, too: nothing is taken until it can be done again.
            _model.ReportFault(fault);
            throw fault;
        }
        finally
        {
            renewed?.Dispose();
        }
    }

    /// <summary>The app's options with what a request changes.</summary>
    internal DetectorOptions OptionsFor(DetectionRequestOptions? requested) => requested is null
        ? _options
        : _options with
        {
            ScoreThreshold = requested.ScoreThreshold ?? _options.ScoreThreshold,
            IouThreshold = requested.IouThreshold ?? _options.IouThreshold,
            MaxDetections = requested.MaxDetections ?? _options.MaxDetections,
            FastDecode = requested.FastDecode ?? _options.FastDecode,
            Slices = requested.Slices ?? _options.Slices,
            Filter = requested.ToFilter() ?? _options.Filter,
        };

    private async Task<(IReadOnlyList<DetectionOutcome> Outcomes, Detector Detector)> DetectAsync(
        ModelLease lease,
        DetectorOptions options,
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        IReadOnlyList<string> names,
        CancellationToken cancellationToken)
    {
        var batcher = lease.Loaded.Batcher;
        var detector = batcher.DetectorFor(options);
        var asked = images.Select((image, i) => batcher.DetectAsync(detector, image, cancellationToken, names[i])).ToArray();
        await ((Task)Task.WhenAll(asked)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var outcomes = Collect(asked);
        _model.CountImages(outcomes.Count(outcome => outcome.RunSize > 0));
        foreach (var outcome in outcomes)
        {
            PipelineTelemetry.RecordStages(outcome.Timings);
        }

        return (outcomes, detector);
    }

    /// <summary>An image whose run failed is a failure while others ran; when none did, it is the model's fault or the machine's.</summary>
    private static DetectionOutcome[] Collect(Task<DetectionOutcome>[] asked)
    {
        var faults = asked.Select(task => task.Exception?.InnerException).OfType<Exception>().ToArray();
        if (faults.FirstOrDefault(SessionFault.IsLost) is { } lost)
        {
            ExceptionDispatchInfo.Throw(lost);
        }

        // An image that the machine has no library or no memory for has not failed: it is detected when the machine can.
        if (faults.FirstOrDefault(fault => EnvironmentFault.From(fault) is not null) is { } lacking)
        {
            ExceptionDispatchInfo.Throw(lacking);
        }

        if (faults.Length > 0 && faults.Length == asked.Length)
        {
            ExceptionDispatchInfo.Throw(faults[0]);
        }

        return Array.ConvertAll(asked, task => task.Exception?.InnerException is { } fault
            ? new DetectionOutcome
            {
                Error = new DetectionError(
                    FailureCodes.InferenceFailed,
                    $"Expected the model to run on this image as it did on {asked.Length - faults.Length} others, found: {fault.Message}"),
            }
            : task.Result);
    }

    /// <summary>A model that has served is not to blame when it cannot be loaded once more.</summary>
    private static async Task<ModelLease?> RenewAsync(IModelOwner owner, ModelLease lost, CancellationToken cancellationToken)
    {
        try
        {
            return await owner.RenewAsync(lost, RebuildLimit, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelLoadException exception)
        {
            throw new ModelLoadException(
                ModelErrorCodes.SessionLost,
                $"The session was lost and cannot be built again now: {exception.Code}: {exception.Message}",
                exception);
        }
    }

    private static async Task<ModelLease> RenewAsync(
        ModelLease lost, string? requestedModel, Exception exception, CancellationToken cancellationToken)
    {
        var owner = lost.Loaded.Owner;
        owner.ReportLost(lost.Loaded, exception);
        var lease = await RenewAsync(owner, lost, cancellationToken).ConfigureAwait(false)
            ?? throw new ModelLoadException(
                ModelErrorCodes.SessionLost,
                $"The session was lost and was not built again within {RebuildLimit}: {exception.Message}",
                exception);
        if (requestedModel is null || lease.Serves(requestedModel))
        {
            return lease;
        }

        lease.Dispose();
        throw new ModelLoadException(
            ModelErrorCodes.SessionLost,
            $"The session of '{requestedModel}' was lost, and another model took its place meanwhile; the request has to come again.",
            exception);
    }
}
