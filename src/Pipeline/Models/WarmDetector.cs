using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Detectors;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Results;
using Nanodet.Serverless.Pipeline.Telemetry;
using Polly;
using Polly.Retry;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Detects images with the warm model, and outlives a lost GPU and a GPU that is short of memory.</summary>
public sealed class WarmDetector
{
    /// <summary>Halving 256 images leaves one after 8 rounds; a lost session takes another.</summary>
    private const int MaxRounds = 10;

    private static readonly TimeSpan RebuildLimit = TimeSpan.FromMinutes(2);

    private readonly WarmModel _model;
    private readonly ModelSelector _selector;
    private readonly DetectorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, IReadOnlyList<DetectionOutcome>> _run;
    private readonly ResiliencePipeline<WarmDetection> _pipeline;

    internal WarmDetector(
        WarmModel model,
        ModelSelector selector,
        IOptions<DetectorOptions> options,
        TimeProvider time,
        ILogger<WarmDetector> logger,
        Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, IReadOnlyList<DetectionOutcome>>? run = null)
    {
        _model = model;
        _selector = selector;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _run = run ?? (static (detector, images, token) => detector.Detect(images, token));
        _pipeline = new ResiliencePipelineBuilder<WarmDetection> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<WarmDetection>
            {
                MaxRetryAttempts = MaxRounds,
                Delay = TimeSpan.Zero,
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is { } exception && Run(arguments.Context).CanGoOn(exception)),
                OnRetry = arguments => PrepareAsync(
                    Run(arguments.Context), arguments.Outcome.Exception!, arguments.Context.CancellationToken),
            })
            .Build();
    }

    /// <summary>Detects one image that lies in no storage: <c>POST /api/detect</c>.</summary>
    /// <param name="image">The bytes of an image file.</param>
    /// <param name="name">A name for the result.</param>
    /// <param name="options">How to detect; null for the app's settings.</param>
    /// <param name="limit">How long to wait for a model that is not ready.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The result, possibly a failure; null when the model is not ready.</returns>
    /// <exception cref="Azure.RequestFailedException">Another model was asked for, and storage failed.</exception>
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

            if (used is null)
            {
                return null;
            }

            var detection = await DetectAsync([image], options, used, cancellationToken).ConfigureAwait(false);
            return DetectionResult.Create(detection.Outcomes[0], reference, detection.Detector, _time.GetUtcNow());
        }
    }

    /// <summary>Detects images; a fault of the session is survived as long as another try makes sense.</summary>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">The run failed for good.</exception>
    internal async Task<WarmDetection> DetectAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        DetectionRequestOptions? requested,
        ModelLease lease,
        CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        using var run = new WarmRun(lease, OptionsFor(requested), requested?.Model);
        try
        {
            context.Properties.Set(WarmRun.Key, run);
            return await _pipeline.ExecuteAsync(
                (_, state) => ValueTask.FromResult(Detect(state, images, cancellationToken)), context, run).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
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
        };

    private WarmDetection Detect(WarmRun run, IReadOnlyList<ReadOnlyMemory<byte>> images, CancellationToken cancellationToken)
    {
        var detector = new Detector(run.Lease.Model, run.Options, _time);
        var outcomes = _run(detector, images, cancellationToken);
        _model.CountImages(outcomes.Count(outcome => outcome.BatchSize > 0));
        foreach (var outcome in outcomes)
        {
            PipelineTelemetry.RecordStages(outcome.Timings);
        }

        return new WarmDetection(outcomes, detector);
    }

    private async ValueTask PrepareAsync(WarmRun run, Exception exception, CancellationToken cancellationToken)
    {
        if (SessionFault.IsOutOfMemory(exception))
        {
            var images = run.BatchSize;
            run.Halve();
            Log.BatchHalved(_logger, images, run.BatchSize, exception.Message);
            PipelineTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "out_of_memory"));
            return;
        }

        var owner = run.Lease.Loaded.Owner;
        owner.ReportLost(run.Lease.Loaded, exception);
        var lease = await owner.RenewAsync(run.Lease, RebuildLimit, cancellationToken).ConfigureAwait(false)
            ?? throw new ModelLoadException(
                ModelErrorCodes.SessionLost,
                $"The session was lost and was not built again within {RebuildLimit}: {exception.Message}",
                exception);
        run.Replace(lease);
        if (run.RequestedModel is { } requested && !lease.Serves(requested))
        {
            throw new ModelLoadException(
                ModelErrorCodes.SessionLost,
                $"The session of '{requested}' was lost, and another model took its place meanwhile; the request has to come again.",
                exception);
        }
    }

    private static WarmRun Run(ResilienceContext context) => context.Properties.GetValue(WarmRun.Key, null!);
}
