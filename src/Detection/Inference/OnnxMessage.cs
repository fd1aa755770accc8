using System.Text.RegularExpressions;

namespace Nanodet.Detection.Inference;

/// <summary>What ONNX Runtime says, without the places in its own sources.</summary>
internal static partial class OnnxMessage
{
    /// <summary>The message of an exception, in one line.</summary>
    internal static string For(Exception exception) => Clean(exception.Message);

    /// <summary>A message without source paths, function signatures and the details that only its makers can use.</summary>
    internal static string Clean(string message)
    {
        var text = DriverDetails().Replace(message, string.Empty);
        text = ErrorCode().Replace(text, string.Empty);
        text = SourcePlace().Replace(text, string.Empty);
        return Spaces().Replace(text, " ").Trim(' ', ';', ':');
    }

    // "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=... ; file=... ; line=... ; expr=..."
    [GeneratedRegex(@"\s*;\s*(GPU|hostname|file|line|expr)=[^;\r\n]*", RegexOptions.CultureInvariant)]
    private static partial Regex DriverDetails();

    // "/onnxruntime_src/a/b.cc:129 std::conditional_t<...> onnxruntime::CudaCall(...) [with ...] "
    [GeneratedRegex(@"(/?[\w.+-]+)+\.(cc|cpp|h|cu|cuh):\d+\s+(\w+ (?=[A-Z]))?([^\r\n]*?onnxruntime::[\w:~<>]+\([^\r\n]*?\)(\s*\[with [^\]\r\n]*\])?(\s*const)?\s*)?", RegexOptions.CultureInvariant)]
    private static partial Regex SourcePlace();

    [GeneratedRegex(@"^(\[ErrorCode:\w+\]\s*|\[ONNXRuntimeError\] : \d+ : \w+ : )+", RegexOptions.CultureInvariant)]
    private static partial Regex ErrorCode();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}
