using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Serverless.LocalHost.Processes;

namespace Nanodet.Serverless.LocalHost.Azurite;

/// <summary>
/// Azurite, the storage emulator, as a child of this process: its own folder, its own ports, no telemetry, and gone when this
/// process is gone, however that ends, on every platform.
/// </summary>
public sealed partial class AzuriteServer : IAsyncDisposable
{
    // It ends in order when its input ends, which is also what it sees when this process was killed. Ctrl+C in a terminal reaches
    // it too, and must not: the host still needs storage to stop.
    // A stale pop receipt gets 404, one of the two answers that Azure has: with 400 the durable engine stops for ten seconds each time.
    private const string Bootstrap = """
        const once = process.once.bind(process);
        process.once = (event, listener) => event === 'SIGINT' ? process : once(event, listener);
        process.on('SIGINT', () => {});
        process.stdin.resume().on('error', () => {}).on('close', () => {
          setTimeout(() => process.exit(1), 4000).unref();
          process.emit('SIGTERM') || process.exit(1);
        });
        for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
        try {
          const path = require('path');
          const errors = require(path.join(path.dirname(process.argv[1]), 'queue', 'errors', 'StorageErrorFactory')).default;
          const notFound = errors.getMessageNotFound.bind(errors);
          errors.getPopReceiptMismatch = notFound;
        } catch (error) {
          console.error(`This Azurite answers 400 to a stale pop receipt, not 404: ${error.message}`);
        }
        require(process.argv[1]);
        """;

    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    // One that answers nothing for so long hangs, and would not end in order either.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly StreamWriter? _accessLog;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Uri> _addresses = [];
    private readonly List<string> _errors = [];
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChildProcess? _process;
    private volatile bool _stopping;

    private AzuriteServer(AzuriteOptions options, ILogger logger, TimeProvider timeProvider)
    {
        _logger = logger;
        _timeProvider = timeProvider;
        _accessLog = options.AccessLogPath is { } path ? new StreamWriter(path, append: true) { AutoFlush = true } : null;
    }

    /// <summary>The address of the blob service with the account's name.</summary>
    public Uri BlobEndpoint => Endpoint("Blob");

    /// <summary>The address of the queue service with the account's name.</summary>
    public Uri QueueEndpoint => Endpoint("Queue");

    /// <summary>The address of the table service with the account's name.</summary>
    public Uri TableEndpoint => Endpoint("Table");

    /// <summary>Completes when Azurite has ended, whoever ended it.</summary>
    public Task Completion => _process!.Exited;

    /// <summary>The process id of Azurite.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>The connection string of its one account.</summary>
    public string ConnectionString => AzuriteAccount.ConnectionString(BlobEndpoint, QueueEndpoint, TableEndpoint);

    /// <summary>Finds or installs Azurite, starts it, and returns when its three services answer.</summary>
    /// <param name="options">Where from and where to.</param>
    /// <param name="loggerFactory">Where its output goes.</param>
    /// <param name="timeProvider">The clock of the timeouts; null is the system's.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="FunctionHostException">It is missing, or it does not start; its own words are in the message.</exception>
    public static async Task<AzuriteServer> StartAsync(
        AzuriteOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<AzuriteServer>();
        var script = await new AzuriteInstallation(options, logger).LocateAsync(cancellationToken);
        options.Progress?.Report(AzuriteStage.Starting);
        Directory.CreateDirectory(options.DataDirectory);
        var server = new AzuriteServer(options, logger, timeProvider ?? TimeProvider.System);
        try
        {
            await server.StartCoreAsync(script, options, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it in order, so that its data is on disk; after 5 s, or 2 s in which it answers nothing, it is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        if (_process is not null)
        {
            var answers = await AnswersAsync();
            _process.CloseInput();
            await _process.WaitOrKillAsync(answers ? StopGrace : TimeSpan.Zero, _timeProvider);
            await _process.DisposeAsync();
        }

        lock (_gate)
        {
            _accessLog?.Dispose();
        }
    }

    private async Task StartCoreAsync(string script, AzuriteOptions options, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "-e", Bootstrap, script, "--location", Path.GetFullPath(options.DataDirectory),
            "--blobPort", $"{options.BlobPort}", "--queuePort", $"{options.QueuePort}", "--tablePort", $"{options.TablePort}",
            "--skipApiVersionCheck", "--disableTelemetry",
            .. options.Loose ? (string[])["--loose"] : [],
            .. _accessLog is null ? (string[])["--silent"] : [],
        ];
        try
        {
            _process = ChildProcess.Start(new ProcessStartInfo(options.NodePath, arguments), OnOutput, OnError);
        }
        catch (Win32Exception exception)
        {
            throw new FunctionHostException(
                "azurite_missing", $"'{options.NodePath}' (Node) cannot be started: {exception.Message}", exception);
        }

        _ = _process.Exited.ContinueWith(exit => OnExit(exit.Result), TaskScheduler.Default);
        try
        {
            await _listening.Task.WaitAsync(options.StartTimeout, _timeProvider, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Failed($"did not listen within {options.StartTimeout}");
        }

        using var client = new HttpClient();
        foreach (var address in _addresses.Values)
        {
            // Any answer will do; without a key it is a refusal.
            using var answer = await client.GetAsync(address, cancellationToken);
        }

        Log.AzuriteReady(_logger, BlobEndpoint, QueueEndpoint, TableEndpoint);
    }

    /// <summary>Whether it listens and answers; one that has not begun to listen counts as answering.</summary>
    private async Task<bool> AnswersAsync()
    {
        Uri? address;
        lock (_gate)
        {
            address = _addresses.GetValueOrDefault("Blob");
        }

        if (address is null || _process!.Exited.IsCompleted)
        {
            return true;
        }

        using var client = new HttpClient();
        using var limit = new CancellationTokenSource(AnswerLimit, _timeProvider);
        try
        {
            using var answer = await client.GetAsync(address, limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (HttpRequestException)
        {
            // It ends just now.
            return true;
        }
    }

    private void OnExit(int exitCode)
    {
        if (!_listening.TrySetException(Failed($"exited with code {exitCode}")) && !_stopping)
        {
            Log.AzuriteExited(_logger, exitCode);
        }
    }

    private void OnOutput(string line)
    {
        if (Listening().Match(line) is { Success: true } match)
        {
            lock (_gate)
            {
                _addresses[match.Groups["service"].Value] = new Uri(match.Groups["address"].Value);
                if (_addresses.Count == 3)
                {
                    _listening.TrySetResult();
                }
            }
        }
        else if (_accessLog is not null && Operation().IsMatch(line))
        {
            lock (_gate)
            {
                _accessLog.WriteLine(line);
            }
        }
        else
        {
            Log.AzuriteOutput(_logger, line);
        }
    }

    private void OnError(string line)
    {
        lock (_gate)
        {
            _errors.Add(line);
        }

        Log.AzuriteError(_logger, line);
    }

    private Uri Endpoint(string service) => new(_addresses[service], AzuriteAccount.Name);

    private FunctionHostException Failed(string what)
    {
        lock (_gate)
        {
            return new FunctionHostException("azurite_failed", $"Azurite {what}. {string.Join(' ', _errors.TakeLast(10))}".TrimEnd());
        }
    }

    [GeneratedRegex(@"^Azurite (?<service>Blob|Queue|Table) service is successfully listening at (?<address>\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"""[A-Z]+ \S+ HTTP/[\d.]+"" \d{3}")]
    private static partial Regex Operation();
}
