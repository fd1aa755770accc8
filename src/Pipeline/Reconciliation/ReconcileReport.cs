namespace Nanodet.Serverless.Pipeline.Reconciliation;

/// <summary>What a reconciliation found.</summary>
/// <param name="Examined">Images that changed between look-back and grace, and whose time has come.</param>
/// <param name="Queued">Those without a record of their ETag, which were queued again.</param>
public sealed record ReconcileReport(long Examined, long Queued);
