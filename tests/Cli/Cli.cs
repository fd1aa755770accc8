using System.Diagnostics;
using System.Text.Json;

namespace Nanodet.Serverless.Cli.Tests;

/// <summary>Runs the command line as a user does: as a process of its own.</summary>
internal static class Cli
{
    /// <summary>The program's path.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Nanodet.Serverless.Cli.dll");

    /// <summary>Runs it to its end.</summary>
    public static Task<CliRun> RunAsync(params string[] arguments) => RunProgramAsync("dotnet", [Program, .. arguments]);

    /// <summary>Runs it to its end with further environment variables.</summary>
    public static Task<CliRun> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        RunProgramAsync("dotnet", [Program, .. arguments], environment);

    /// <summary>Runs it, expects success, and reads its JSON.</summary>
    public static async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}: {run.Error}");
        return JsonDocument.Parse(run.Output).RootElement.Clone();
    }

    /// <summary>Asks a process to end, as a service manager does. By the shell: a bare machine has no program <c>kill</c>.</summary>
    public static Task<CliRun> TerminateAsync(int processId) => RunProgramAsync("sh", ["-c", $"kill -TERM {processId}"]);

    /// <summary>Runs any program to its end, in a folder or the tests' own.</summary>
    public static async Task<CliRun> RunProgramAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder ?? string.Empty,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new CliRun(process.ExitCode, output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
