namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet failures</c>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Failures">Its failures, in the order of its results.</param>
internal sealed record JobFailuresReport(string JobId, IReadOnlyList<JobFailure> Failures);
