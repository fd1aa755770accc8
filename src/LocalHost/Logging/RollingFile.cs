using System.Globalization;
using System.Text;
using NLog;
using NLog.Targets;

namespace Nanodet.Serverless.LocalHost.Logging;

/// <summary>NLog's file, with a bound for one event, secrets masked, and a word about lines that cannot be written.</summary>
/// <param name="path">The file, for the words.</param>
/// <param name="onProblem">Takes the word, once.</param>
internal sealed class RollingFile(string path, Action<string> onProblem) : FileTarget
{
    /// <summary>The most of one event, in characters.</summary>
    public const int MaxEventLength = 16 << 10;

    private long _lost;

    /// <summary>Why lines were lost, or null.</summary>
    public string? Problem { get; private set; }

    /// <inheritdoc/>
    protected override void Write(LogEventInfo logEvent)
    {
        try
        {
            base.Write(logEvent);
            if (_lost > 0)
            {
                var count = _lost;
                _lost = 0;
                base.Write(LogEventInfo.Create(
                    LogLevel.Warn, nameof(AppLog), CultureInfo.InvariantCulture, $"Before this line {count} could not be kept: {Problem}"));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            _lost++;
            if (Problem is null)
            {
                Problem = exception.Message;
                onProblem($"{path}: {exception.Message}");
            }
        }
    }

    /// <inheritdoc/>
    protected override void RenderFormattedMessage(LogEventInfo logEvent, StringBuilder target)
    {
        var text = $"{logEvent.FormattedMessage}{(logEvent.Exception is { } exception ? $"\n{exception}" : "")}";
        var cut = text.Length > MaxEventLength
            ? $"{text.AsSpan(0, MaxEventLength)}… ({text.Length - MaxEventLength} characters more)"
            : text;
        target.Append(CultureInfo.InvariantCulture, $"{logEvent.TimeStamp.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} ")
            .Append(LevelName(logEvent.Level)).Append(' ').Append(logEvent.LoggerName).Append(": ");

        // A line that does not begin with a time goes on with the event before.
        target.Append(SecretMask.Apply(cut).TrimEnd().ReplaceLineEndings("\n    "));
    }

    private static string LevelName(LogLevel level) => level.Ordinal switch
    {
        0 => "trace",
        1 => "debug",
        2 => "info ",
        3 => "warn ",
        4 => "error",
        _ => "fatal",
    };
}
