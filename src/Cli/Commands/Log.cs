using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What the command line itself writes into the log of the app that it runs.</summary>
internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Information, "nanodet up, version {Version}, process {ProcessId}, on {System}; data in {Data}")]
    public static partial void UpStarts(ILogger logger, string version, int processId, string system, string data);

    [LoggerMessage(201, LogLevel.Information, "Ready at {Server} with model {Name} {Version}")]
    public static partial void UpReady(ILogger logger, Uri server, string name, string version);

    [LoggerMessage(202, LogLevel.Error, "nanodet up failed")]
    public static partial void UpFailed(ILogger logger, Exception exception);

    [LoggerMessage(203, LogLevel.Information, "nanodet up was told to stop")]
    public static partial void UpStops(ILogger logger);
}
