namespace Nanodet.Detection.Inference;

/// <summary>What a load had to do with the optimised graphs on disk.</summary>
public enum OptimizedModelUse
{
    /// <summary>Nothing: no folder was given, or the provider keeps its own.</summary>
    Off,

    /// <summary>The graph was optimised, and kept for the next start.</summary>
    Built,

    /// <summary>The graph was optimised before: that step was left out.</summary>
    Reused,

    /// <summary>The graph was optimised, and could not be kept.</summary>
    NotKept,
}
