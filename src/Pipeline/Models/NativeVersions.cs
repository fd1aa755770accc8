using Microsoft.ML.OnnxRuntime;
using Nanodet.Serverless.Pipeline.Images;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Versions of the native libraries that were loaded.</summary>
public static class NativeVersions
{
    /// <summary>ONNX Runtime.</summary>
    public static string OnnxRuntime => OrtEnv.Instance().GetVersionString();

    /// <summary>libvips, which decodes every format but BMP.</summary>
    /// <exception cref="DllNotFoundException">The library cannot be loaded.</exception>
    public static string Vips => VipsLibrary.Version;

    /// <summary>The file name of the TurboJPEG library that decodes JPEG here; null where the machine has none and libvips does it.</summary>
    public static string? TurboJpeg => Images.TurboJpeg.Instance?.Path;
}
