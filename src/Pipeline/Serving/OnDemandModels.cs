using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Telemetry;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>
/// Published models beside the warm one, loaded when a request names them. Their number is bounded: where all are in use, a request for
/// another one waits; else the one that was used longest ago goes. One that nobody uses for a while goes by itself.
/// </summary>
public sealed class OnDemandModels : IModelOwner, IDisposable
{
    private readonly ModelFetcher _fetcher;
    private readonly ModelLoader _loader;
    private readonly WarmModelOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _sweep;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, OnDemandModel> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ModelLoadException Reason, long Timestamp)> _unusable = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _loading = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>No models yet.</summary>
    /// <param name="fetcher">Fetches models.</param>
    /// <param name="loader">Loads models.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public OnDemandModels(
        ModelFetcher fetcher, ModelLoader loader, IOptions<WarmModelOptions> options, TimeProvider time, ILogger<OnDemandModels> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _fetcher = fetcher;
        _loader = loader;
        _options = options.Value;
        _time = time;
        _logger = logger;
        var period = _options.OtherModelIdle / 2;
        _sweep = time.CreateTimer(_ => RemoveIdle(), state: null, period, period);
    }

    /// <summary>Models that are in memory or being loaded.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _models.Count;
            }
        }
    }

    /// <summary>Leases a published model, loading it first where it is not in memory.</summary>
    /// <param name="wanted">The model; it has a SHA-256.</param>
    /// <param name="limit">How long to wait for room and for the load.</param>
    /// <param name="cancellationToken">Ends the wait; the load goes on.</param>
    /// <returns>Null when there is neither in time.</returns>
    /// <exception cref="ModelLoadException">It cannot be loaded; <see cref="IsAboutModel"/> says whether the model is to blame.</exception>
    /// <exception cref="EnvironmentException">
    /// The machine lacks what it needs, for example memory: the request has to come again.
    /// </exception>
    internal async Task<ModelLease?> LeaseAsync(PublishedModel wanted, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var (model, changed) = Reserve(wanted);
            var left = TimeSpan.FromTicks(Math.Max(0, (limit - _time.GetElapsedTime(start)).Ticks));
            if (model is null)
            {
                if (left == TimeSpan.Zero || !await IsSignalledAsync(changed, left, cancellationToken).ConfigureAwait(false))
                {
                    return null;
                }

                continue;
            }

            try
            {
                var loaded = await model.Loading.WaitAsync(left, _time, cancellationToken).ConfigureAwait(false);
                if (loaded.TryLease(() => Release(model)) is { } lease)
                {
                    return lease;
                }

                // Its session was lost in this very moment: it is loaded again.
                Release(model);
            }
            catch (TimeoutException)
            {
                Release(model);
                return null;
            }
            catch
            {
                Release(model);
                throw;
            }
        }
    }

    /// <summary>
    /// Whether a model itself is to blame. Else it is storage, the disk, the GPU, or what nobody foresaw: the same model may load later,
    /// and a request for it has to come again.
    /// </summary>
    /// <param name="failure">What came of loading it.</param>
    internal bool IsAboutModel(ModelLoadException failure) => failure.Code switch
    {
        ModelErrorCodes.StorageUnavailable or ModelErrorCodes.SessionLost or ModelErrorCodes.Busy or ModelErrorCodes.Unexpected => false,

        // Where no GPU is asked for, the CPU has refused the model in the end.
        ModelErrorCodes.ProviderUnavailable =>
            !_options.RequireGpu && _options.Provider is ExecutionProvider.Auto or ExecutionProvider.Cpu,
        _ => true,
    };

    /// <inheritdoc/>
    void IModelOwner.ReportLost(LoadedModel lost, Exception reason)
    {
        lock (_gate)
        {
            if (_models.Values.FirstOrDefault(model => model.Is(lost)) is not { } found)
            {
                return;
            }

            Remove(found);
        }

        Log.SessionLost(_logger, lost.Model.Sha256, reason.Message);
        DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "session_lost"));
    }

    /// <inheritdoc/>
    Task<ModelLease?> IModelOwner.RenewAsync(ModelLease lost, TimeSpan limit, CancellationToken cancellationToken)
    {
        // The memory of the lost session goes before another one is built.
        var model = lost.Model;
        lost.Dispose();
        return LeaseAsync(
            new PublishedModel(
                lost.Loaded.PublishedName ?? model.Description.Name, model.Version, model.Sha256, 0, default, IsCurrent: false),
            limit,
            cancellationToken);
    }

    /// <summary>Lets every model go as soon as its leases end.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _sweep.Dispose();
        lock (_gate)
        {
            foreach (var model in _models.Values.ToArray())
            {
                Remove(model);
            }
        }
    }

    /// <summary>A place for the model, or null where all places are in use; then the task ends when that may have changed.</summary>
    private (OnDemandModel? Model, Task Changed) Reserve(PublishedModel wanted)
    {
        var sha256 = wanted.Sha256!;
        lock (_gate)
        {
            if (_models.TryGetValue(sha256, out var model))
            {
                model.Users++;
                return (model, Task.CompletedTask);
            }

            if (_unusable.TryGetValue(sha256, out var known))
            {
                if (_time.GetElapsedTime(known.Timestamp) < _options.LongestRetryPause)
                {
                    throw new ModelLoadException(known.Reason.Code, known.Reason.Message, known.Reason);
                }

                _unusable.Remove(sha256);
            }

            if (_models.Count >= _options.OtherModels)
            {
                if (_models.Values.Where(candidate => candidate.Users == 0).MinBy(candidate => candidate.LastUsed) is not { } oldest)
                {
                    return (null, _changed.Task);
                }

                Log.OtherModelGone(_logger, oldest.Id, "another one takes its place");
                Remove(oldest);
            }

            var next = new OnDemandModel(sha256, wanted.Id) { Users = 1 };
            _models.Add(sha256, next);
            next.Loading = Task.Run(() => LoadAsync(next, wanted), CancellationToken.None);
            return (next, Task.CompletedTask);
        }
    }

    private async Task<LoadedModel> LoadAsync(FetchedModel fetched, PublishedModel wanted)
    {
        try
        {
            return await _loader.LoadAsync(fetched, this, wanted.Name, _stopping.Token).ConfigureAwait(false);
        }
        catch (ModelLoadException exception) when (exception.Code == ModelErrorCodes.Corrupt)
        {
            // Its bytes were the right ones a moment ago: the disk or another program has changed them, and they are fetched again.
            throw new ModelLoadException(ModelErrorCodes.Unexpected, exception.Message, exception);
        }
    }

    private async Task<LoadedModel> LoadAsync(OnDemandModel place, PublishedModel wanted)
    {
        try
        {
            // One at a time: each load takes the memory and the cores of a model that is compiled.
            await _loading.WaitAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                var start = _time.GetTimestamp();
                var fetched = await _fetcher.FetchAsync(wanted, _stopping.Token).ConfigureAwait(false);
                var loaded = await LoadAsync(fetched, wanted).ConfigureAwait(false);
                var model = loaded.Model;
                Log.OtherModelReady(_logger, wanted.Id, model.Sha256, model.Provider.Name, _time.GetElapsedTime(start).TotalMilliseconds);
                PipelineTelemetry.ModelLoads.Add(1, new KeyValuePair<string, object?>("outcome", "ready"));
                return loaded;
            }
            finally
            {
                _loading.Release();
            }
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            PipelineTelemetry.ModelLoads.Add(1, new KeyValuePair<string, object?>("outcome", fault.Code));
            Log.OtherModelUnusable(_logger, wanted.Id, fault.Code, fault.Message);
            Remove(place, isUnusable: null);
            throw fault;
        }
        catch (Exception exception) when (StorageFailure.IsCancellation(exception, _stopping.Token))
        {
            Remove(place, isUnusable: null);
            throw;
        }
        catch (Exception exception)
        {
            var failure = exception as ModelLoadException
                ?? new ModelLoadException(CodeOf(exception), $"{wanted.Id}: {exception.Message}", exception);
            PipelineTelemetry.ModelLoads.Add(1, new KeyValuePair<string, object?>("outcome", failure.Code));
            Log.OtherModelUnusable(_logger, wanted.Id, failure.Code, failure.Message);
            Remove(place, IsAboutModel(failure) ? failure : null);
            throw failure;
        }
    }

    private string CodeOf(Exception exception) => exception switch
    {
        _ when StorageFailure.Is(exception, _stopping.Token) => ModelErrorCodes.StorageUnavailable,
        _ when SessionFault.IsLost(exception) => ModelErrorCodes.SessionLost,

        // It has a session, and the run that its fixture asks for fails.
        OnnxRuntimeException => ModelErrorCodes.ParityFailed,
        _ => ModelErrorCodes.Unexpected,
    };

    /// <summary>Gives the place free; what will not pass is remembered for a while, so that not every request downloads it again.</summary>
    /// <param name="place">The place.</param>
    /// <param name="isUnusable">Why the model itself cannot be used; null when it is not to blame.</param>
    private void Remove(OnDemandModel place, ModelLoadException? isUnusable)
    {
        lock (_gate)
        {
            if (_models.TryGetValue(place.Sha256, out var there) && there == place)
            {
                _models.Remove(place.Sha256);
            }

            if (isUnusable is not null)
            {
                if (_unusable.Count >= 64)
                {
                    _unusable.Clear();
                }

                _unusable[place.Sha256] = (isUnusable, _time.GetTimestamp());
            }

            Signal();
        }
    }

    private void Release(OnDemandModel model)
    {
        lock (_gate)
        {
            model.Users--;
            model.LastUsed = _time.GetTimestamp();
            Signal();
        }
    }

    private void RemoveIdle()
    {
        lock (_gate)
        {
            foreach (var model in _models.Values.Where(model => model.Users == 0).ToArray())
            {
                if (_time.GetElapsedTime(model.LastUsed) >= _options.OtherModelIdle)
                {
                    Log.OtherModelGone(_logger, model.Id, "nobody used it for a while");
                    Remove(model);
                }
            }
        }
    }

    /// <summary>Called with the gate held. The session goes with the last lease.</summary>
    private void Remove(OnDemandModel model)
    {
        _models.Remove(model.Sha256);
        model.Loading.ContinueWith(
            loading => loading.Result.Release(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        Signal();
    }

    /// <summary>Called with the gate held.</summary>
    private void Signal()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private async Task<bool> IsSignalledAsync(Task changed, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(limit, _time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
