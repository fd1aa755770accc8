using System.Runtime.ExceptionServices;
using Azure;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Engines;

/// <summary>
/// The engine's own handler ends the process for one bad message in a listener; this one reports it. A listener that lost storage for
/// longer than its client retries never listens again: that breaks the engines.
/// </summary>
internal sealed class LoggingExceptionHandler(ILogger<LoggingExceptionHandler> logger) : IWebJobsExceptionHandler
{
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the reason when the engines have to be started again.</summary>
    public Task<Exception> Broken => _broken.Task;

    public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod)
    {
        Log.FunctionTimedOut(logger, exceptionInfo.SourceException);
        return Task.CompletedTask;
    }

    public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
    {
        Log.EngineFailed(logger, exceptionInfo.SourceException);
        if (IsLostStorage(exceptionInfo.SourceException))
        {
            _broken.TrySetResult(exceptionInfo.SourceException);
        }

        return Task.CompletedTask;
    }

    /// <summary>Whether storage could not be reached or did not answer; what it refused would be refused again.</summary>
    private static bool IsLostStorage(Exception exception) => exception switch
    {
        AggregateException many => many.InnerExceptions.Any(IsLostStorage),
        RequestFailedException failed => failed.Status is 0 or 408 or 429 or >= 500,
        HttpRequestException or IOException => true,
        _ => exception.InnerException is { } inner && IsLostStorage(inner),
    };
}
