using System.CommandLine;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() =>
        new("--json") { Description = "Print one JSON document on standard output and nothing else there." };

    /// <summary><c>--fast-decode</c>.</summary>
    public static Option<bool> FastDecode() =>
        new("--fast-decode")
        {
            Description = "Decode JPEGs at 1/2, 1/4 or 1/8 where that leaves the model's input size: faster, a little different.",
        };
}
