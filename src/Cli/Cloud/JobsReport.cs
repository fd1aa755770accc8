using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The answer of <c>nanodet jobs</c>.</summary>
/// <param name="Jobs">The jobs, the latest first.</param>
/// <param name="Continuation">What continues the list; null at its end.</param>
internal sealed record JobsReport(IReadOnlyList<JobStatus> Jobs, string? Continuation = null);
