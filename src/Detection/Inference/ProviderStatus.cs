namespace Nanodet.Detection.Inference;

/// <summary>What <see cref="ProviderProbe"/> found out about one execution provider.</summary>
/// <param name="Name"><c>CPU</c>, <c>CUDA</c> or <c>TensorRT</c>.</param>
/// <param name="Offered">The native ONNX Runtime library was built with it.</param>
/// <param name="Usable">A small convolution ran on it.</param>
/// <param name="MissingLibraries">Names of shared libraries that it needs and the loader does not find.</param>
/// <param name="Problem">Why it cannot be used; null when it can.</param>
public sealed record ProviderStatus(
    string Name,
    bool Offered,
    bool Usable,
    IReadOnlyList<string> MissingLibraries,
    string? Problem);
