using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Looks whether a batch is finished although its event did not come.</summary>
public sealed class FindStaging(BatchStaging staging)
{
    /// <summary>Looks.</summary>
    /// <returns>The event that was lost, or null.</returns>
    [Function(nameof(FindStaging))]
    public Task<BatchDetected?> RunAsync([ActivityTrigger] BatchReference batch, CancellationToken cancellationToken) =>
        staging.FindAsync(batch, cancellationToken);
}
