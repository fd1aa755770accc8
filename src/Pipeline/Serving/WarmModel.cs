using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Annotation;
using Nanodet.Detection.Description;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Telemetry;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;
using Polly;
using Polly.Retry;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>
/// The one model of a worker: loaded in the background when the process starts, checked, run once, its parity fixture replayed; then
/// ready. While that fails it is tried again, with growing pauses, so that a repaired model needs no restart. A model that is published
/// later is loaded beside it in the same way and takes its place between two batches; when anything about it fails, the old one stays.
/// </summary>
public sealed class WarmModel : IHostedService, IModelOwner, IDisposable
{
    private static readonly DateTimeOffset ProcessStart = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    private readonly ModelFetcher _fetcher;
    private readonly ModelLoader _loader;
    private readonly WarmModelOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _selfTest;
    private readonly ResiliencePipeline _loading;
    private readonly WarmModelSlot _slot;
    private readonly SemaphoreSlim _wanted = new(1);
    private readonly CancellationTokenSource _stopping = new();

    private long _images;
    private Task _running = Task.CompletedTask;

    /// <summary>A worker without a model yet.</summary>
    /// <param name="fetcher">Fetches it.</param>
    /// <param name="loader">Loads it.</param>
    /// <param name="options">Which, and how often it is tried.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="selfTest">Whether this machine can detect at all; null for <see cref="ImageSelfTest.Run"/>.</param>
    public WarmModel(
        ModelFetcher fetcher,
        ModelLoader loader,
        IOptions<WarmModelOptions> options,
        TimeProvider time,
        ILogger<WarmModel> logger,
        Action? selfTest = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _selfTest = selfTest ?? ImageSelfTest.Run;
        _fetcher = fetcher;
        _loader = loader;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _slot = new WarmModelSlot(time);
        _loading = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(
                    exception => !StorageFailure.IsCancellation(exception, _stopping.Token)),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = _options.RetryPause,
                MaxDelay = _options.LongestRetryPause,
                OnRetry = arguments =>
                {
                    OnFailed(arguments.Outcome.Exception!, arguments.RetryDelay);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>How far it is.</summary>
    public WarmModelStatus Status => _slot.Status with { Images = Interlocked.Read(ref _images) };

    /// <summary>Waits for the model.</summary>
    /// <param name="limit">How long; zero for not at all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A lease; null when it is not ready in time.</returns>
    public Task<ModelLease?> WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => _slot.WaitAsync(limit, cancellationToken);

    /// <summary>Begins to load, and returns.</summary>
    /// <param name="cancellationToken">Not used: nothing is waited for.</param>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.Run(() => RunAsync(_stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Stops loading, and lets what is in the batcher end.</summary>
    /// <param name="cancellationToken">Gives the wait up.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (await WaitAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false) is { } lease)
        {
            using (lease)
            {
                await lease.Loaded.Batcher.DrainAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Lets the model go as soon as its leases end.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _slot.TakeAway()?.Release();
        _wanted.Dispose();
    }

    internal void CountImages(int images) => Interlocked.Add(ref _images, images);

    /// <inheritdoc/>
    Task<ModelLease?> IModelOwner.RenewAsync(ModelLease lost, TimeSpan limit, CancellationToken cancellationToken) =>
        WaitAsync(limit, cancellationToken);

    /// <inheritdoc/>
    void IModelOwner.ReportLost(LoadedModel lost, Exception reason) => ReportLost(lost, reason);

    /// <summary>Gives a session up that the GPU has lost, and has it built again. Several callers may report the same one.</summary>
    internal void ReportLost(LoadedModel lost, Exception reason)
    {
        if (!_slot.TryTakeLost(lost, reason.Message))
        {
            return;
        }

        Log.SessionLost(_logger, lost.Model.Sha256, reason.Message);
        DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "session_lost"));
        lost.Release();
        _wanted.Release();
    }

    /// <summary>
    /// Gives the model up because the machine cannot serve it now; it comes back when the self test passes. Several callers may report one
    /// fault.
    /// </summary>
    internal void ReportFault(EnvironmentException fault)
    {
        if (_slot.TakeAway(fault.Code, fault.Message) is not { } taken)
        {
            return;
        }

        Log.MachineLacks(_logger, fault.Code, fault.Message);
        DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", fault.Code));
        taken.Release();
        _wanted.Release();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var wanted = _wanted.WaitAsync(cancellationToken);
            while (true)
            {
                try
                {
                    await wanted.WaitAsync(_options.PollInterval, _time, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    await FollowPointerAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                await _loading.ExecuteAsync(TestAndLoadAsync, cancellationToken).ConfigureAwait(false);
                wanted = _wanted.WaitAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (StorageFailure.IsCancellation(exception, cancellationToken))
        {
            // The app stops.
        }
    }

    /// <summary>A machine that cannot decode an image takes none.</summary>
    private ValueTask TestAndLoadAsync(CancellationToken cancellationToken)
    {
        _selfTest();
        return LoadAsync(cancellationToken);
    }

    private async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        using var activity = PipelineTelemetry.Source.StartActivity("nanodet.model.load");
        var fetched = await _fetcher.FetchAsync(cancellationToken).ConfigureAwait(false);
        var loaded = await _loader.LoadAsync(fetched, this, null, cancellationToken).ConfigureAwait(false);
        var model = loaded.Model;
        var duration = _time.GetElapsedTime(start);
        var (old, isFirst) = _slot.Put(loaded);

        // Batches that hold a lease end with the model that they began with.
        old?.Release();
        Count("ready");
        PipelineTelemetry.ModelLoadDuration.Record(duration.TotalSeconds);
        if (isFirst)
        {
            PipelineTelemetry.StartupDuration.Record(Math.Max(0, (_time.GetUtcNow() - ProcessStart).TotalSeconds));
        }

        Log.ModelReady(
            _logger, model.Description.Name, model.Version, model.Sha256, model.Provider.Name, duration.TotalMilliseconds);
    }

    /// <summary>Loads the model that the pointer names now, when it is another one than the serving one.</summary>
    private async Task FollowPointerAsync(CancellationToken cancellationToken)
    {
        if (Status.Model?.Sha256 is not { } serving || _slot.Pointed is not { } pointed)
        {
            return;
        }

        try
        {
            var current = await _fetcher.FindPointedAsync(cancellationToken).ConfigureAwait(false);
            if (current is null || current == pointed)
            {
                _slot.NoteSwapProblem(null);
                return;
            }

            await LoadAsync(cancellationToken).ConfigureAwait(false);
            CountSwap("ready");
        }
        catch (Exception exception) when (!StorageFailure.IsCancellation(exception, cancellationToken))
        {
            var code = CodeOf(exception);
            var reason = ReasonOf(exception);
            if (_slot.NoteSwapProblem($"{code}: {reason}"))
            {
                Count(code);
                CountSwap(code);
                Log.SwapRefused(_logger, serving, code, reason);
            }
        }
    }

    private void OnFailed(Exception exception, TimeSpan pause)
    {
        var code = CodeOf(exception);
        var reason = ReasonOf(exception);
        _slot.Fail(code, reason);
        Count(code);
        Log.ModelNotReady(_logger, code, reason, pause);
    }

    private string CodeOf(Exception exception) => EnvironmentFault.From(exception)?.Code ?? exception switch
    {
        ModelLoadException refused => refused.Code,
        _ when StorageFailure.Is(exception, _stopping.Token) => ModelErrorCodes.StorageUnavailable,
        _ => ModelErrorCodes.Unexpected,
    };

    private static string ReasonOf(Exception exception) =>
        EnvironmentFault.From(exception)?.Message ?? StorageFailure.Explain(exception) ?? exception.Message;

    private static void CountSwap(string outcome) =>
        PipelineTelemetry.ModelSwaps.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private static void Count(string outcome) =>
        PipelineTelemetry.ModelLoads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
