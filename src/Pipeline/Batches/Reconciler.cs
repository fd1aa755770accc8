using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Finds images without a terminal record.</summary>
public sealed class Reconciler
{
    /// <summary>Finds them, and queues each of them again.</summary>
    public Task<ReconcileReport> RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Finds them.</summary>
    public IAsyncEnumerable<ImageMessage> FindLostAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
