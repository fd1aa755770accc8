namespace Nanodet.Serverless.Pipeline.Reconciliation;

/// <summary>What a run of the reconciliation found.</summary>
/// <param name="Examined">Images that changed between look-back and grace, and whose time has come.</param>
/// <param name="Queued">Those without a record of their ETag, which were queued again.</param>
/// <param name="Waiting">Those without a record that wait in a queue already, and were left alone.</param>
/// <param name="IsFinished">False when a limit ended the run: the next one goes on where it stopped.</param>
public sealed record ReconcileReport(long Examined, long Queued, long Waiting = 0, bool IsFinished = true);
