namespace Nanodet.Detection.Inference;

/// <summary>What a model really runs on.</summary>
/// <param name="Name"><c>CPU</c>, <c>CUDA</c> or <c>TensorRT</c>.</param>
/// <param name="FallbackReason">Why <see cref="ExecutionProvider.Auto"/> did not take CUDA; null where it did or was not asked.</param>
public sealed record ProviderSelection(string Name, string? FallbackReason = null)
{
    /// <summary>The name of the CPU provider.</summary>
    public const string Cpu = "CPU";

    /// <summary>The name of the CUDA provider.</summary>
    public const string Cuda = "CUDA";

    /// <summary>The name of the TensorRT provider.</summary>
    public const string TensorRt = "TensorRT";
}
