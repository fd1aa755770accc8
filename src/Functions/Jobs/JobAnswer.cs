using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The answer of the activities of <see cref="DetectFolder"/>: one type that says what it is, see <see cref="Answers"/>.</summary>
/// <param name="Listed">The page that was listed; or null.</param>
/// <param name="Outputs">What was exported; or null.</param>
/// <param name="Outcome">How the job ended, with its manifest; or null.</param>
public sealed record JobAnswer(JobPage? Listed = null, IReadOnlyList<JobOutput>? Outputs = null, JobOutcome? Outcome = null);
