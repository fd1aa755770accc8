using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The custom status of <see cref="DetectFolder"/>.</summary>
/// <param name="Progress">What is counted: whole pages.</param>
/// <param name="PagesInFlight">Pages that are not in it yet; each has its counts so far as its own custom status.</param>
public sealed record JobView(JobProgress Progress, IReadOnlyList<int> PagesInFlight);
