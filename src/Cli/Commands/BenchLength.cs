namespace Nanodet.Serverless.Cli.Commands;

/// <summary>How long <c>nanodet bench</c> measures.</summary>
/// <param name="Seconds">Time for all models together, half of it for the graphs alone.</param>
/// <param name="Count">In its place: images of each model that go the whole way, and as many runs of its graph; null for the time.</param>
internal sealed record BenchLength(double Seconds, long? Count);
