using System.ComponentModel;
using System.Diagnostics;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Asks programs of this machine for their versions.</summary>
internal static class Tool
{
    /// <summary>What <c>name --version</c> prints, or null where there is no such program.</summary>
    /// <param name="name">A program on the path.</param>
    /// <param name="cancellationToken">Ends waiting; the program is killed then.</param>
    public static async Task<string?> VersionAsync(string name, CancellationToken cancellationToken)
    {
        var program = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/c", name, "--version"])
            : new ProcessStartInfo(name, ["--version"]);
        program.RedirectStandardOutput = true;
        program.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(program)!;
            try
            {
                var errors = process.StandardError.ReadToEndAsync(cancellationToken);
                var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
                await errors;
                await process.WaitForExitAsync(cancellationToken);
                return process.ExitCode == 0 ? output.Trim().Split('\n')[0] : null;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
