using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// A detector's model. One that the detector loaded itself is loaded again when the GPU has lost its session; a caller's is left alone.
/// Safe to use from any number of threads.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="reload">Loads it once more; null where it belongs to a caller.</param>
internal sealed class RenewableModel(NanodetModel model, Func<NanodetModel>? reload) : IDisposable
{
    private readonly Lock _gate = new();
    private volatile NanodetModel _current = model;
    private volatile bool _isDisposed;

    /// <summary>The model as it is now.</summary>
    internal NanodetModel Current => _current;

    /// <summary>Whether another try with <see cref="Renew"/> makes sense.</summary>
    /// <param name="used">The model that failed.</param>
    /// <param name="exception">How.</param>
    internal bool MayRenew(NanodetModel used, Exception exception) =>
        reload is not null && !_isDisposed && (SessionFault.IsLost(exception) || used != _current);

    /// <summary>Loads the model again in place of one whose session is lost, unless another caller did so meanwhile.</summary>
    /// <param name="lost">The model that failed.</param>
    /// <param name="exception">How.</param>
    /// <exception cref="ModelLoadException">It cannot be loaded again, or the file is another one now.</exception>
    internal void Renew(NanodetModel lost, Exception exception)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (lost != _current)
            {
                return;
            }

            // Before the new one: the lost session's memory is of the same GPU.
            lost.Dispose();
            DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "session_lost"));
            var renewed = reload!();
            if (renewed.Sha256 != lost.Sha256)
            {
                renewed.Dispose();
                throw new ModelLoadException(
                    ModelErrorCodes.SessionLost,
                    $"The session was lost, and the model's file has changed since it was loaded: load it anew. {exception.Message}",
                    exception);
            }

            _current = renewed;
        }
    }

    /// <summary>Disposes the model, unless it is a caller's; waits for one that is being loaded again.</summary>
    public void Dispose()
    {
        if (reload is null)
        {
            return;
        }

        lock (_gate)
        {
            _isDisposed = true;
            _current.Dispose();
        }
    }
}
