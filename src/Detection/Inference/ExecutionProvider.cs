namespace Nanodet.Detection.Inference;

/// <summary>What runs the graph.</summary>
public enum ExecutionProvider
{
    /// <summary>CUDA when it can be used, otherwise the CPU; the reason is in <see cref="ProviderSelection.FallbackReason"/>.</summary>
    Auto,

    /// <summary>NVIDIA CUDA; loading fails when it cannot be used.</summary>
    Cuda,

    /// <summary>NVIDIA TensorRT, with CUDA for what it does not take; loading fails when it cannot be used.</summary>
    TensorRt,

    /// <summary>The CPU.</summary>
    Cpu,
}
