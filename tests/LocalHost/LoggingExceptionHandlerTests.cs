using System.Runtime.ExceptionServices;
using Azure;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Serverless.LocalHost.Engines;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>Which failures of a listener break the engines.</summary>
public sealed class LoggingExceptionHandlerTests
{
    public static TheoryData<string, Exception, bool> Failures => new()
    {
        { "no connection", new RequestFailedException("reset"), true },
        { "no connection, after several tries", new AggregateException(new RequestFailedException("reset")), true },
        { "no connection, wrapped", new InvalidOperationException("listener", new HttpRequestException("reset")), true },
        { "no answer", new RequestFailedException(503, "busy"), true },
        { "refused", new RequestFailedException(403, "no role"), false },
        { "not found", new RequestFailedException(404, "gone"), false },
        { "a bad message", new FormatException("bad message"), false },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Failures))]
    public async Task OnUnhandledException_LostStorageOnly_BreaksTheEngines(string name, Exception failure, bool isBroken)
    {
        var handler = new LoggingExceptionHandler(NullLogger<LoggingExceptionHandler>.Instance);

        await handler.OnUnhandledExceptionAsync(ExceptionDispatchInfo.Capture(failure));

        Assert.True(isBroken == handler.Broken.IsCompleted, name);
    }
}
