namespace Nanodet.Serverless.Cli.Tests;

/// <summary>What a run of a program left.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CliRun(int ExitCode, string Output, string Error);
