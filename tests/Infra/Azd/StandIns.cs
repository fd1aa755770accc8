using System.Diagnostics;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>Commands that stand in for az, azd and curl, and the surroundings in which a script meets them only.</summary>
internal static class StandIns
{
    private static readonly string[] Settings = ["NANODET_", "AZURE_", "SERVICE_"];

    /// <summary>Writes a command.</summary>
    /// <param name="folder">Where it lies.</param>
    /// <param name="command">Its name.</param>
    /// <param name="text">What it does, for sh.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task WriteAsync(DirectoryInfo folder, string command, string text, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder.FullName, command);
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{text}\n", cancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Puts the commands of a folder first, and takes away the settings of whoever runs the tests with a deployment of their own.</summary>
    /// <param name="start">The script.</param>
    /// <param name="folder">Where the commands lie.</param>
    public static void MeetOnly(this ProcessStartInfo start, DirectoryInfo folder)
    {
        foreach (var name in start.Environment.Keys
            .Where(name => Array.Exists(Settings, prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["PATH"] = $"{folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
    }
}
