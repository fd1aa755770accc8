using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of a command that failed before it had another.</summary>
/// <param name="Error">Why.</param>
internal sealed record FailureReport(Failure Error);
