namespace Nanodet.Detection.Inference;

/// <summary>By how much the arena of a GPU grows when a run needs more than it holds.</summary>
public enum ArenaGrowth
{
    /// <summary>By what was asked for: the least memory.</summary>
    AsRequested,

    /// <summary>By the next power of two: fewer allocations, up to twice the memory.</summary>
    PowerOfTwo,
}
