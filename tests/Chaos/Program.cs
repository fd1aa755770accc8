using System.Diagnostics;
using Nanodet.Serverless.Chaos.Tests.Running;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>The runner of the tests, the processes that they start, and the long runs.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments) => arguments switch
    {
        [AppProcess.Verb, var options] => await AppProcess.RunAsync(options),
        [Burner.Verb] => Burner.Run(),
        [LongRuns.Verb, .. var options] => await LongRuns.RunAsync(options),
        [LongRuns.SoakVerb, .. var options] => await LongRuns.SoakAsync(options),
        _ when arguments.Contains("--server") =>
            await TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => await ConsoleRunner.Run(arguments),
    };

    /// <summary>Starts this program again, with its three streams in our hands.</summary>
    public static Process Start(string[] before, params string[] arguments) => Start(before, new Dictionary<string, string>(), arguments);

    /// <inheritdoc cref="Start(string[], string[])"/>
    public static Process Start(string[] before, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // Started by "dotnet FILE.dll" this process is dotnet; started by its own executable it is that.
        var isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var assembly = isDotnet ? [typeof(Program).Assembly.Location] : Array.Empty<string>();
        string[] line = [.. before, Environment.ProcessPath!, .. assembly, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
