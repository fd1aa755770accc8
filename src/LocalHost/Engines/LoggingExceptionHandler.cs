using System.Runtime.ExceptionServices;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Engines;

/// <summary>The engine's own handler ends the process for one bad message in a listener; this one reports it.</summary>
internal sealed class LoggingExceptionHandler(ILogger<LoggingExceptionHandler> logger) : IWebJobsExceptionHandler
{
    public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod)
    {
        Log.FunctionTimedOut(logger, exceptionInfo.SourceException);
        return Task.CompletedTask;
    }

    public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
    {
        Log.EngineFailed(logger, exceptionInfo.SourceException);
        return Task.CompletedTask;
    }
}
