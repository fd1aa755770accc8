using Microsoft.Extensions.Logging;
using NLog;
using NLog.Config;
using NLog.Extensions.Logging;
using NLog.Layouts;

namespace Nanodet.Serverless.LocalHost.Logging;

/// <summary>
/// The log of an app on this machine, as files: <c>app.log</c> is the newest, older ones have a number. Every line is with the operating
/// system before the next one is taken, so a process that dies leaves its last words. Secrets are masked.
/// </summary>
/// <remarks>
/// A folder that cannot be written to, or a full disk, is no failure: the app runs on, and it is said once that lines are lost.
/// </remarks>
public sealed class AppLog : IDisposable
{
    private const string FileName = "app.log";

    private readonly LogFactory _factory;
    private readonly RollingFile _file;

    private AppLog(AppLogOptions options, Action<string> onProblem)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetFullPath(options.Directory), FileName);
        _file = new RollingFile(Path, onProblem)
        {
            Name = "file",
            FileName = Layout.FromLiteral(Path),

            // The same name for the archive: app.log moves away as app.1.log, app.2.log and so on, and is always the newest.
            ArchiveFileName = Layout.FromLiteral(Path),
            ArchiveSuffixFormat = ".{0}",
            ArchiveAboveSize = options.MaxFileBytes,
            MaxArchiveFiles = options.MaxFiles - 1,
        };
        _factory = new LogFactory { AutoShutdown = false };
        var configuration = new LoggingConfiguration(_factory);
        configuration.AddRuleForAllLevels(_file);
        _factory.Configuration = configuration;
    }

    /// <summary>The file with the newest lines.</summary>
    public string Path { get; }

    /// <summary>Why lines were lost; null while every line was kept.</summary>
    public string? Problem => _file.Problem;

    /// <summary>Opens the log. The first line makes the folder and the file.</summary>
    /// <param name="options">Where, and how much.</param>
    /// <param name="onProblem">Called once, with the reason, when a line cannot be kept; from the thread that logs.</param>
    /// <exception cref="FunctionHostException">An option is out of its range.</exception>
    public static AppLog Open(AppLogOptions options, Action<string> onProblem)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(onProblem);
        options.Validate();
        return new AppLog(options, onProblem);
    }

    /// <summary>Has a program's logging write here. The logging's own filters decide what.</summary>
    /// <param name="logging">The logging.</param>
    public void AddTo(ILoggingBuilder logging)
    {
        ArgumentNullException.ThrowIfNull(logging);
        logging.AddProvider(new NLogLoggerProvider(
            new NLogProviderOptions { IncludeScopes = false, CaptureMessageTemplates = false, CaptureMessageProperties = false },
            _factory));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _factory.Dispose();
}
