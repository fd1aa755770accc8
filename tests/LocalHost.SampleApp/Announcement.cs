using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.SampleApp;

/// <summary>Says what the setting <c>Announce</c> says, in each way that a worker has.</summary>
internal sealed partial class Announcement(IConfiguration configuration, ILogger<Announcement> logger) : BackgroundService
{
    /// <summary>Dies with the words of the setting <c>FailAtStart</c>, where there is one.</summary>
    public static void FailIfAsked()
    {
        if (Environment.GetEnvironmentVariable("FailAtStart") is { } words)
        {
            throw new InvalidOperationException(words);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (configuration["Announce"] is { } text)
        {
            Console.Out.WriteLine($"{text} on standard output");
            Console.Error.WriteLine($"{text} on standard error");
            Announced(logger, text);
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "{Text} by its logger")]
    private static partial void Announced(ILogger logger, string text);
}
