using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Cli.Tests.Output;

/// <summary>Runs the command line in a terminal of a width, as someone who sits before it.</summary>
internal static partial class Terminal
{
    /// <summary>Why there is no terminal here; null where there is.</summary>
    public static string? Missing =>
        File.Exists("/usr/bin/script") ? null : "the program 'script', which makes a terminal, is not at /usr/bin/script";

    /// <summary>Runs a command to its end.</summary>
    /// <returns>The exit code, the lines as they stand on the screen, and the raw text with its control sequences.</returns>
    public static async Task<(int ExitCode, string[] Lines, string Raw)> RunAsync(
        int columns, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // The size is that of the terminal, so it is set in there. The runner of the tests may have no colours, and hands that on.
        string[] words = ["dotnet", Cli.Program, .. arguments];
        var line = $"stty cols {columns}; unset NO_COLOR; "
            + string.Concat(environment.Select(variable => $"export {variable.Key}='{variable.Value}'; "))
            + $"exec {string.Join(' ', words.Select(word => $"'{word}'"))}";
        var run = await Cli.RunProgramAsync(
            "/usr/bin/script", ["--quiet", "--return", "--command", line, "/dev/null"],
            new Dictionary<string, string> { ["TERM"] = "xterm-256color" });
        var lines = Control().Replace(run.Output, string.Empty).Split('\n')
            .Select(text => text.TrimEnd('\r').Split('\r')[^1].TrimEnd()).ToArray();
        return (run.ExitCode, lines, run.Output);
    }

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Control();
}
