using System.Runtime.InteropServices;

namespace Nanodet.Detection.Natives;

/// <summary>Asks the native ONNX Runtime for its version, without the managed code over it (<c>OrtApiBase</c> of its C API).</summary>
internal static class OnnxRuntimeVersion
{
    internal const string EntryPoint = "OrtGetApiBase";

    /// <summary>The version of a loaded library, such as 1.23.0.</summary>
    internal static unsafe string? Read(IntPtr library)
    {
        // struct OrtApiBase { const OrtApi* GetApi(uint32_t); const char* GetVersionString(); }
        var functions = ((delegate* unmanaged<IntPtr*>)NativeLibrary.GetExport(library, EntryPoint))();
        return Marshal.PtrToStringUTF8((IntPtr)((delegate* unmanaged<byte*>)functions[1])());
    }
}
