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
    private const string Bootstrap = """
        const once = process.once.bind(process);
        process.once = (event, listener) => event === 'SIGINT' ? process : once(event, listener);
        process.on('SIGINT', () => {});
        process.stdin.resume().on('error', () => {}).on('close', () => {
          setTimeout(() => process.exit(1), 4000).unref();
          process.emit('SIGTERM') || process.exit(1);
        });
        for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
        require(process.argv[1]);
        """;

    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    private readonly ILogger logger;
    private readonly TimeProvider timeProvider;
    private readonly StreamWriter? accessLog;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Uri> addresses = [];
    private readonly List<string> errors = [];
    private readonly TaskCompletionSource listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChildProcess? process;
    private volatile bool stopping;

    private AzuriteServer(AzuriteOptions options, ILogger logger, TimeProvider timeProvider)
    {
        this.logger = logger;
        this.timeProvider = timeProvider;
        accessLog = options.AccessLogPath is { } path ? new StreamWriter(path, append: true) { AutoFlush = true } : null;
    }

    /// <summary>The address of the blob service with the account's name.</summary>
    public Uri BlobEndpoint => Endpoint("Blob");

    /// <summary>The address of the queue service with the account's name.</summary>
    public Uri QueueEndpoint => Endpoint("Queue");

    /// <summary>The address of the table service with the account's name.</summary>
    public Uri TableEndpoint => Endpoint("Table");

    /// <summary>Completes when Azurite has ended, whoever ended it.</summary>
    public Task Completion => process!.Exited;

    /// <summary>The process id of Azurite.</summary>
    public int ProcessId => process!.Id;

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

    /// <summary>Ends it in order, so that its data is on disk; after 5 s it is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        if (process is not null)
        {
            process.CloseInput();
            await process.WaitOrKillAsync(StopGrace, timeProvider);
            await process.DisposeAsync();
        }

        lock (gate)
        {
            accessLog?.Dispose();
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
            .. accessLog is null ? (string[])["--silent"] : [],
        ];
        try
        {
            process = ChildProcess.Start(new ProcessStartInfo(options.NodePath, arguments), OnOutput, OnError);
        }
        catch (Win32Exception e)
        {
            throw new FunctionHostException("azurite_missing", $"'{options.NodePath}' (Node) cannot be started: {e.Message}", e);
        }

        _ = process.Exited.ContinueWith(exit => OnExit(exit.Result), TaskScheduler.Default);
        try
        {
            await listening.Task.WaitAsync(options.StartTimeout, timeProvider, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Failed($"did not listen within {options.StartTimeout}");
        }

        using var client = new HttpClient();
        foreach (var address in addresses.Values)
        {
            // Any answer will do; without a key it is a refusal.
            using var answer = await client.GetAsync(address, cancellationToken);
        }

        Log.AzuriteReady(logger, BlobEndpoint, QueueEndpoint, TableEndpoint);
    }

    private void OnExit(int exitCode)
    {
        if (!listening.TrySetException(Failed($"exited with code {exitCode}")) && !stopping)
        {
            Log.AzuriteExited(logger, exitCode);
        }
    }

    private void OnOutput(string line)
    {
        if (Listening().Match(line) is { Success: true } match)
        {
            lock (gate)
            {
                addresses[match.Groups["service"].Value] = new Uri(match.Groups["address"].Value);
                if (addresses.Count == 3)
                {
                    listening.TrySetResult();
                }
            }
        }
        else if (accessLog is not null && Operation().IsMatch(line))
        {
            lock (gate)
            {
                accessLog.WriteLine(line);
            }
        }
        else
        {
            Log.AzuriteOutput(logger, line);
        }
    }

    private void OnError(string line)
    {
        lock (gate)
        {
            errors.Add(line);
        }

        Log.AzuriteError(logger, line);
    }

    private Uri Endpoint(string service) => new(addresses[service], AzuriteAccount.Name);

    private FunctionHostException Failed(string what)
    {
        lock (gate)
        {
            return new FunctionHostException("azurite_failed", $"Azurite {what}. {string.Join(' ', errors.TakeLast(10))}".TrimEnd());
        }
    }

    [GeneratedRegex(@"^Azurite (?<service>Blob|Queue|Table) service is successfully listening at (?<address>\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"""[A-Z]+ \S+ HTTP/[\d.]+"" \d{3}")]
    private static partial Regex Operation();
}
