namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>
/// The worker process ended while it was needed. The Durable extension looks for this type's name, and then gives an
/// orchestrator's or entity's work back to its queue instead of failing the instance.
/// </summary>
/// <param name="message">What ended, and how.</param>
public sealed class WorkerProcessExitException(string message) : Exception(message);
