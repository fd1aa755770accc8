using System.Diagnostics;

namespace Nanodet.Serverless.TestKit.Azurite;

/// <summary>Azurite in the user's cache, installed there by npm when it is missing.</summary>
internal static class AzuriteInstallation
{
    public static async Task<string> LocateAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Cache(), "nanodet", "azurite", AzuriteProcess.Version);
        var script = ScriptIn(folder);
        if (!File.Exists(script))
        {
            await InstallAsync(folder, cancellationToken);
        }

        return File.Exists(script) ? script : throw new FileNotFoundException($"npm left no {script}.");
    }

    private static string Cache()
    {
        if (OperatingSystem.IsWindows())
        {
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        }

        return Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } chosen
            ? chosen
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
    }

    private static string ScriptIn(string folder) => Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js");

    /// <summary>Beside the final place first: two test processes may want it at the same time.</summary>
    private static async Task InstallAsync(string folder, CancellationToken cancellationToken)
    {
        var temporary = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(temporary);
        string[] arguments =
            ["install", "--prefix", temporary, "--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts", $"azurite@{AzuriteProcess.Version}"];
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/c", "npm", .. arguments])
            : new ProcessStartInfo("npm", arguments);
        start.WorkingDirectory = temporary;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var npm = Process.Start(start)!;
        var output = npm.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await npm.StandardError.ReadToEndAsync(cancellationToken);
        await output;
        await npm.WaitForExitAsync(cancellationToken);
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm cannot install azurite@{AzuriteProcess.Version}: {error}");
        }

        try
        {
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (File.Exists(ScriptIn(folder)))
        {
            Directory.Delete(temporary, recursive: true);
        }
    }
}
