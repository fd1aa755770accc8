using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Azurite;

/// <summary>Finds Azurite on this machine, or lets npm install it once for this user.</summary>
internal sealed class AzuriteInstallation(AzuriteOptions options, ILogger logger)
{
    public const string PinnedVersion = "3.37.0";

    private const string Script = "dist/src/azurite.js";

    // It knows the options that are used here.
    private static readonly Version Minimum = new(3, 35, 0);

    /// <summary>The path of <c>azurite.js</c>.</summary>
    /// <exception cref="FunctionHostException">There is none, and none can be installed.</exception>
    public async Task<string> LocateAsync(CancellationToken cancellationToken)
    {
        if (options.ScriptPath is { } chosen)
        {
            return File.Exists(chosen) ? Path.GetFullPath(chosen) : throw Missing($"ScriptPath names '{chosen}', which does not exist.");
        }

        var installed = ScriptIn(InstallDirectory);
        if (Nearby().Concat(OnPath()).Append(installed).FirstOrDefault(IsUsable) is { } found)
        {
            return found;
        }

        if (!options.InstallIfMissing)
        {
            throw Missing("It is not in node_modules, not on the PATH, and may not be installed.");
        }

        await InstallAsync(cancellationToken);
        return File.Exists(installed) ? installed : throw Missing($"npm left no '{installed}'.");
    }

    private string InstallDirectory => Path.Combine(options.CacheDirectory ?? DefaultCache(), PinnedVersion);

    private static string DefaultCache()
    {
        var cache = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } chosen
                ? chosen
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "nanodet", "azurite");
    }

    private static string ScriptIn(string directory) => Path.Combine(directory, "node_modules", "azurite", Script);

    private static IEnumerable<string> Nearby()
    {
        for (var directory = new DirectoryInfo(Environment.CurrentDirectory); directory is not null; directory = directory.Parent)
        {
            yield return ScriptIn(directory.FullName);
        }
    }

    /// <summary>A global npm installation puts a link (or, on Windows, a command file) beside its modules on the PATH.</summary>
    private static IEnumerable<string> OnPath()
    {
        foreach (var directory in (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator))
        {
            var command = Path.Combine(directory, "azurite");
            if (OperatingSystem.IsWindows())
            {
                yield return ScriptIn(directory);
            }
            else if (File.Exists(command) && File.ResolveLinkTarget(command, returnFinalTarget: true) is { } target)
            {
                yield return target.FullName;
            }
        }
    }

    private bool IsUsable(string script)
    {
        var package = Path.Combine(Path.GetDirectoryName(script)!, "..", "..", "package.json");
        if (!File.Exists(script) || !File.Exists(package))
        {
            return false;
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(package));
        var version = json.RootElement.TryGetProperty("version", out var property) ? property.GetString() : null;
        if (Version.TryParse(version?.Split('-')[0], out var parsed) && parsed >= Minimum)
        {
            return true;
        }

        Log.AzuriteTooOld(logger, version ?? "?", script, Minimum);
        return false;
    }

    /// <summary>Installs beside the final place and moves there, so that a half installation is never used.</summary>
    private async Task InstallAsync(CancellationToken cancellationToken)
    {
        Log.AzuriteInstalling(logger, PinnedVersion, InstallDirectory);
        options.Progress?.Report(AzuriteStage.Installing);
        var temporary = $"{InstallDirectory}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(temporary);
        try
        {
            await RunNpmAsync(temporary, cancellationToken);
            Directory.Move(temporary, InstallDirectory);
        }
        catch (IOException) when (File.Exists(ScriptIn(InstallDirectory)))
        {
            // Another process was faster.
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static async Task RunNpmAsync(string directory, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "install", "--prefix", directory, "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-package-lock",
            $"azurite@{PinnedVersion}",
        ];
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/c", "npm", .. arguments])
            : new ProcessStartInfo("npm", arguments);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        start.WorkingDirectory = directory;
        try
        {
            using var npm = Process.Start(start)!;
            await using var kill = cancellationToken.Register(() => npm.Kill(entireProcessTree: true));
            var output = npm.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var error = await npm.StandardError.ReadToEndAsync(CancellationToken.None);
            await output;
            await npm.WaitForExitAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            if (npm.ExitCode != 0)
            {
                throw Missing($"npm failed with exit code {npm.ExitCode}: {error.Trim()}");
            }
        }
        catch (Win32Exception exception)
        {
            throw Missing($"npm cannot be started: {exception.Message}", exception);
        }
    }

    private static FunctionHostException Missing(string why, Exception? cause = null) => new(
        "azurite_missing",
        $"Azurite {Minimum} or later is needed. {why} 'npm install azurite@{PinnedVersion}' in this folder helps.",
        cause);
}
