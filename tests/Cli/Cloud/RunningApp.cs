using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary><c>nanodet up</c> as a process, with the demo's model, started once for the tests of its class.</summary>
public sealed class RunningApp(DemoModel model) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Process? _process;
    private Task<string>? _error;

    /// <summary>The data folder.</summary>
    public string Data => _folder.File("data");

    /// <summary>What <c>up --json</c> said when the app was ready.</summary>
    public JsonElement Report { get; private set; }

    /// <summary>The process id.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>Environment variables of the process beside those of the tests.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of the command beside those of the tests.</summary>
    internal IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>What it wrote to standard error, once it has ended.</summary>
    public Task<string> Error => _error!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string[] arguments = [Cli.Program, "up", "--port", "0", "--data", Data, "--model", model.Onnx, "--json", .. Options];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Nanodet__Model__PollInterval"] = "00:00:01";
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
        var lines = new System.Text.StringBuilder();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lines.AppendLine(line);
            if (line == "}")
            {
                Report = JsonDocument.Parse(lines.ToString()).RootElement.Clone();
                return;
            }
        }

        Assert.Fail($"the app did not come up: {await _error}");
    }

    /// <summary>Asks it to end, as a service manager does.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        await Cli.TerminateAsync(ProcessId);
        return await EndAsync();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process!.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await StopAsync();
        }

        _process?.Dispose();
        _folder.Dispose();
    }
}
