using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>Versions of the native libraries that were loaded.</summary>
public static class NativeVersions
{
    /// <summary>ONNX Runtime; null where it cannot be loaded.</summary>
    public static string? OnnxRuntime => NativeLibraries.Examine(NativeLibraries.OnnxRuntime).Version;
}
