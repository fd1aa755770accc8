using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost;

/// <summary>The log levels at which the engines are bearable.</summary>
public static class FunctionHostLogging
{
    /// <summary>
    /// Keeps the storage clients (a warning for each look at a queue that does not exist yet), the durable engine and the web
    /// servers quiet; the host, the functions and the worker are left as they are. Rules added later win.
    /// </summary>
    /// <param name="logging">The logging of the program that runs the host.</param>
    public static ILoggingBuilder AddFunctionHostFilters(this ILoggingBuilder logging)
    {
        ArgumentNullException.ThrowIfNull(logging);
        logging.AddFilter("Azure", LogLevel.Error).AddFilter("Host.Results", LogLevel.None);
        foreach (var category in (string[])
            ["DurableTask", "Host.Triggers.DurableTask", "Host.Startup", "Host.Aggregator", "Grpc", "Microsoft", "System", "Yarp"])
        {
            logging.AddFilter(category, LogLevel.Warning);
        }

        return logging;
    }
}
