namespace Nanodet.Detection.Inference;

/// <summary>One session of a shape, in the order in which they are made.</summary>
/// <param name="Size">Images of a run.</param>
/// <param name="After">Images of the shape that were asked for before it is worth making, unless all are wished for.</param>
/// <param name="IsProvisional">
/// Whether the session is one that is ready soon (<see cref="CudaGraphForm"/>); a later step of its size takes its place.
/// </param>
internal sealed record ShapeStep(int Size, long After = 0, bool IsProvisional = false);
