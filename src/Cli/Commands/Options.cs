using System.CommandLine;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Options
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() =>
        new("--json") { Description = "Print one JSON document on standard output and nothing else there." };
}
