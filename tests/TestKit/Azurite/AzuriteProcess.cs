using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Nanodet.Serverless.TestKit.Azurite;

/// <summary>Azurite as a child of the test process: its own folder, free ports, gone with its owner.</summary>
public sealed partial class AzuriteProcess : IAsyncDisposable
{
    public const string Version = "3.37.0";

    private const string Account = "devstoreaccount1";

    // The one key that every emulator has; it opens nothing else.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    // It ends when its input does, and so also when this process is killed.
    private const string Bootstrap = "process.stdin.resume().on('close', () => process.exit(0)); require(process.argv[1]);";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Uri> _services = [];
    private readonly List<string> _errors = [];
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _folder;
    private readonly Process _process;
    private long _requests;

    private AzuriteProcess(Process process, string folder)
    {
        _process = process;
        _folder = folder;
        process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        process.ErrorDataReceived += (_, line) => OnError(line.Data);
    }

    public Uri BlobService => new(_services["Blob"], Account);

    public Uri QueueService => new(_services["Queue"], Account);

    public string ConnectionString =>
        $"AccountName={Account};AccountKey={Key};BlobEndpoint={BlobService};QueueEndpoint={QueueService};";

    /// <summary>Requests that it has logged so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    public static async Task<AzuriteProcess> StartAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        var script = await AzuriteInstallation.LocateAsync(cancellationToken);
        var folder = Directory.CreateTempSubdirectory("nanodet-azurite-").FullName;
        var start = new ProcessStartInfo("node")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        string[] all =
        [
            "-e", Bootstrap, script, "--location", folder, "--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
            "--skipApiVersionCheck", "--disableTelemetry", .. arguments,
        ];
        foreach (var argument in all)
        {
            start.ArgumentList.Add(argument);
        }

        var azurite = new AzuriteProcess(new Process { StartInfo = start }, folder);
        azurite._process.Start();
        azurite._process.BeginOutputReadLine();
        azurite._process.BeginErrorReadLine();
        try
        {
            var exit = azurite._process.WaitForExitAsync(cancellationToken);
            await Task.WhenAny(azurite._listening.Task, exit).WaitAsync(StartLimit, TimeProvider.System, cancellationToken);
            if (exit.IsCompleted)
            {
                throw new InvalidOperationException($"Azurite did not start: {string.Join(Environment.NewLine, azurite._errors)}");
            }

            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            try
            {
                await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void OnOutput(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (RequestPattern().IsMatch(line))
        {
            Interlocked.Increment(ref _requests);
        }
        else if (ListeningPattern().Match(line) is { Success: true } match)
        {
            lock (_services)
            {
                _services[match.Groups[1].Value] = new Uri(match.Groups[2].Value);
                if (_services.Count == 3)
                {
                    _listening.TrySetResult();
                }
            }
        }
    }

    private void OnError(string? line)
    {
        if (line is not null)
        {
            lock (_errors)
            {
                _errors.Add(line);
            }
        }
    }

    [GeneratedRegex("Azurite (Blob|Queue|Table) service is successfully listening at (\\S+)")]
    private static partial Regex ListeningPattern();

    [GeneratedRegex("\"(?:GET|HEAD|PUT|POST|DELETE) ")]
    private static partial Regex RequestPattern();
}
