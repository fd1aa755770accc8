using Microsoft.ML.OnnxRuntime;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Versions of the native libraries that were loaded.</summary>
public static class NativeVersions
{
    /// <summary>ONNX Runtime.</summary>
    public static string OnnxRuntime => OrtEnv.Instance().GetVersionString();

    /// <summary>OpenCV.</summary>
    public static string OpenCv => Cv2.GetVersionString() ?? "unknown";
}
