using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>How a job ended, small enough for a history; the whole is in its manifest.</summary>
/// <param name="State">One of <see cref="JobStates"/>.</param>
/// <param name="Error">Why it ended early, or null.</param>
public sealed record JobOutcome(string State, string? Error);
