using Microsoft.Extensions.Hosting;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>
/// The one model of a worker: loaded in the background when the process starts, checked, run once, its parity fixture replayed; then
/// ready. While that fails it is tried again, with growing pauses.
/// </summary>
public sealed class WarmModel : IHostedService, IDisposable
{
    /// <summary>How far it is.</summary>
    public WarmModelStatus Status => throw new NotImplementedException();

    /// <summary>Waits for the model.</summary>
    /// <param name="limit">How long; zero for not at all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A lease; null when it is not ready in time.</returns>
    public Task<ModelLease?> WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Begins to load, and returns.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops loading.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lets the model go as soon as its leases end.</summary>
    public void Dispose()
    {
    }
}
