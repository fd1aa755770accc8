using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost;

/// <summary>Everything this assembly logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Host {HostId} is ready at {Address} after {Elapsed}: {Count} functions, {Disabled} disabled")]
    public static partial void HostReady(ILogger logger, string hostId, Uri address, TimeSpan elapsed, int count, int disabled);

    [LoggerMessage(2, LogLevel.Information, "Host {HostId} has stopped after {Elapsed}")]
    public static partial void HostStopped(ILogger logger, string hostId, TimeSpan elapsed);

    [LoggerMessage(3, LogLevel.Warning, "The engines did not stop in time; what was under way is left to the queues")]
    public static partial void EnginesAbandoned(ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Error, "A function ran longer than host.json's functionTimeout")]
    public static partial void FunctionTimedOut(ILogger logger, Exception exception);

    [LoggerMessage(26, LogLevel.Warning, "A listener lost storage for good; the engines are started again in {Pause}: {Cause}")]
    public static partial void EnginesRestarting(ILogger logger, TimeSpan pause, string cause);

    [LoggerMessage(27, LogLevel.Information, "The engines run again")]
    public static partial void EnginesRestarted(ILogger logger);

    [LoggerMessage(5, LogLevel.Error, "An engine failed outside a function")]
    public static partial void EngineFailed(ILogger logger, Exception exception);

    [LoggerMessage(6, LogLevel.Error, "HTTP function {Function} failed")]
    public static partial void HttpFunctionFailed(ILogger logger, string function, Exception exception);

    [LoggerMessage(10, LogLevel.Information, "Worker {ProcessId} is ready with {Count} functions after {Elapsed}")]
    public static partial void WorkerReady(ILogger logger, int processId, int count, TimeSpan elapsed);

    [LoggerMessage(11, LogLevel.Warning, "{Reason} Starting another in {Pause} (restart {Count} within {Window})")]
    public static partial void WorkerRestarting(ILogger logger, string reason, TimeSpan pause, int count, TimeSpan window);

    [LoggerMessage(12, LogLevel.Critical, "The worker is lost: it is not started again")]
    public static partial void WorkerLost(ILogger logger, Exception exception);

    [LoggerMessage(13, LogLevel.Warning, "Worker {ProcessId} did not end within {Grace} and was killed")]
    public static partial void WorkerKilled(ILogger logger, int processId, TimeSpan grace);

    [LoggerMessage(14, LogLevel.Information, "{Line}")]
    public static partial void WorkerOutput(ILogger logger, string line);

    [LoggerMessage(15, LogLevel.Warning, "{Line}")]
    public static partial void WorkerError(ILogger logger, string line);

    [LoggerMessage(EventId = 16, Message = "{Text}")]
    public static partial void WorkerMessage(ILogger logger, LogLevel level, string text);

    [LoggerMessage(20, LogLevel.Information, "Azurite is ready at {Blob}, {Queue} and {Table}")]
    public static partial void AzuriteReady(ILogger logger, Uri blob, Uri queue, Uri table);

    [LoggerMessage(21, LogLevel.Information, "Installing Azurite {Version} into {Directory} (once)")]
    public static partial void AzuriteInstalling(ILogger logger, string version, string directory);

    [LoggerMessage(22, LogLevel.Debug, "{Line}")]
    public static partial void AzuriteOutput(ILogger logger, string line);

    [LoggerMessage(23, LogLevel.Warning, "{Line}")]
    public static partial void AzuriteError(ILogger logger, string line);

    [LoggerMessage(25, LogLevel.Critical, "Azurite ended with exit code {ExitCode} while it was needed")]
    public static partial void AzuriteExited(ILogger logger, int exitCode);

    [LoggerMessage(24, LogLevel.Debug, "Azurite {Version} at {Path} is older than {Minimum} and is passed over")]
    public static partial void AzuriteTooOld(ILogger logger, string version, string path, Version minimum);
}
