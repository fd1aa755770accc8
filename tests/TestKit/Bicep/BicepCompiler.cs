using System.Diagnostics;
using System.Reflection;

namespace Nanodet.Serverless.TestKit.Bicep;

/// <summary>The Bicep command line, as its NuGet package has it.</summary>
public static class BicepCompiler
{
    /// <summary>The executable.</summary>
    /// <exception cref="PlatformNotSupportedException">The package is for Linux x64.</exception>
    public static string FilePath { get; } = Find();

    /// <summary>Runs a command and returns what it said.</summary>
    /// <param name="arguments">Command and options.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    public static async Task<BicepRun> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(FilePath, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new BicepRun(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static string Find()
    {
        var path = typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "BicepPath").Value;
        return string.IsNullOrEmpty(path)
            ? throw new PlatformNotSupportedException("The Bicep compiler is referenced for Linux x64 only.")
            : Path.GetFullPath(path.Replace('\\', '/'));
    }
}
