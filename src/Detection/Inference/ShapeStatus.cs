namespace Nanodet.Detection.Inference;

/// <summary>A shape that a model on a GPU is ready for: a session of its own, made before the first image needs it.</summary>
/// <param name="Height">Rows of the input, in pixels.</param>
/// <param name="Width">Columns of the input, in pixels.</param>
/// <param name="RunSize">Images of a run.</param>
/// <param name="MillisecondsARun">What a run takes on the GPU, without copies.</param>
/// <param name="WarmedInMs">What making it ready took.</param>
/// <param name="IsGraph">Whether a run is the replay of a CUDA graph.</param>
/// <param name="IsProvisional">
/// Whether the depthwise convolutions of a float16 model run in float32 here: cuDNN plans those in a fraction of the time. Such runs serve
/// until the others are there.
/// </param>
/// <param name="Note">Why it is not a graph, or why larger runs of the shape are missing; null for nothing.</param>
public sealed record ShapeStatus(
    int Height, int Width, int RunSize, double MillisecondsARun, double WarmedInMs, bool IsGraph, bool IsProvisional, string? Note);
