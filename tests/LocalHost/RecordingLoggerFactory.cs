using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>Keeps what was logged, to assert on it and to print it when LOCALHOST_TEST_LOG names a file.</summary>
internal sealed class RecordingLoggerFactory(Action<string>? onLine = null) : ILoggerFactory
{
    private static readonly string? File = Environment.GetEnvironmentVariable("LOCALHOST_TEST_LOG");

    private readonly ConcurrentQueue<string> lines = new();
    private readonly Lock gate = new();

    public IEnumerable<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private void Add(string line)
    {
        lines.Enqueue(line);
        onLine?.Invoke(line);
        if (File is not null)
        {
            lock (gate)
            {
                System.IO.File.AppendAllText(File, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line}\n");
            }
        }
    }

    private sealed class Logger(RecordingLoggerFactory factory, string category) : ILogger
    {
        private readonly LogLevel level =
            category.StartsWith("Azure.Core", StringComparison.Ordinal) || category.StartsWith("DurableTask", StringComparison.Ordinal)
            || category.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || category.StartsWith("Grpc", StringComparison.Ordinal)
                ? LogLevel.Warning
                : LogLevel.Debug;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= level;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                factory.Add($"{logLevel} {category}: {formatter(state, exception)} {exception}".TrimEnd());
            }
        }
    }
}
