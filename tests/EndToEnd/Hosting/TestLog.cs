using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>Writes what hosts and workers log into the file that NANODET_TEST_LOG names; without it nothing is kept.</summary>
internal sealed class TestLog : ILoggerFactory
{
    private static readonly string? Path = Environment.GetEnvironmentVariable("NANODET_TEST_LOG");
    private static readonly Lock Gate = new();

    public static TestLog Instance { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private sealed class Logger(string category) : ILogger
    {
        private readonly LogLevel _level =
            category.StartsWith("Nanodet", StringComparison.Ordinal) || category.StartsWith("Function", StringComparison.Ordinal)
                ? LogLevel.Information
                : LogLevel.Warning;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => Path is not null && logLevel >= _level;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var time = TimeProvider.System.GetUtcNow();
                var line = $"{time:HH:mm:ss.fff} {logLevel} {category}: {formatter(state, exception)} {exception}\n";
                lock (Gate)
                {
                    File.AppendAllText(Path!, line);
                }
            }
        }
    }
}
