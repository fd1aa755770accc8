using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>What a job left.</summary>
/// <param name="Manifest">Its manifest; null for a job that has none.</param>
/// <param name="Lines">The lines of its results, in order.</param>
internal sealed record StoredJob(JobManifest? Manifest, IReadOnlyList<string> Lines);
