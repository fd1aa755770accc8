namespace Nanodet.Detection.Batching;

/// <summary>What runs of one size came to.</summary>
/// <param name="BatchSize">Images in a run.</param>
/// <param name="ImagesPerSecond">Of all lanes together; 0 where it did not run.</param>
public readonly record struct BatchRate(int BatchSize, double ImagesPerSecond);
