using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>Keeps what is logged.</summary>
internal class LogLines : ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Add($"{logLevel}: {formatter(state, exception)}");
}

/// <summary>The same for whoever asks for a logger of its own.</summary>
internal sealed class LogLines<T> : LogLines, ILogger<T>;
