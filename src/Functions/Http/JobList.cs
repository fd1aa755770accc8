using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>The answer of <c>GET /api/jobs</c>.</summary>
/// <param name="Jobs">The latest first.</param>
public sealed record JobList(IReadOnlyList<JobStatus> Jobs);
