using System.Diagnostics;

namespace Nanodet.Serverless.Cli.Tests.Packaging;

/// <summary>The tool as a user gets it: packed into a folder, installed from there into another.</summary>
public sealed class InstalledTool : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Its version, of this run alone: no cache has it.</summary>
    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():N}";

    /// <summary>The folder of the packages.</summary>
    public string Feed => _folder.File("feed");

    /// <summary>A folder that has nothing to do with the repository.</summary>
    public string Elsewhere => _folder.File("elsewhere");

    /// <summary>The folder that the tool's files were unpacked to.</summary>
    public string Files => Path.GetDirectoryName(
        Directory.EnumerateFiles(_folder.File("tools"), "Nanodet.Serverless.Cli.dll", SearchOption.AllDirectories).Single())!;

    /// <summary>The folder of the command, for the shell's search path.</summary>
    public string Commands => _folder.File("tools");

    private string Command => Path.Combine(Commands, OperatingSystem.IsWindows() ? "nanodet.exe" : "nanodet");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Elsewhere);
        await DotnetAsync(
            "pack", Path.Combine(Repository.Root, "src", "Cli"), "-c", "Release", "-o", Feed, $"-p:Version={Version}", "-nologo", "-v", "quiet",
            "--artifacts-path", _folder.File("artifacts"));
        await DotnetAsync("tool", "install", "nanodet", "--tool-path", _folder.File("tools"), "--add-source", Feed, "--version", Version);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the tool to its end.</summary>
    internal async Task<CliRun> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CliRun(process.ExitCode, output, await error);
    }

    /// <summary>Starts the tool.</summary>
    internal Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(Command, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Elsewhere,
    })!;

    private async Task DotnetAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Elsewhere,
        };

        // A node of MSBuild that outlives the command would hold its output open; the compiler's server does not, and saves most of the
        // time. Style is the build's business.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "true";
        start.Environment["RunAnalyzers"] = "false";
        start.Environment["EnforceCodeStyleInBuild"] = "false";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{await error}");
    }
}
