namespace Nanodet.Detection.Batching;

/// <summary>What runs of one size came to.</summary>
/// <param name="RunSize">Images in a run.</param>
/// <param name="ImagesPerSecond">Of all lanes together; 0 where it did not run.</param>
internal readonly record struct RunRate(int RunSize, double ImagesPerSecond);
