using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Natives;

/// <summary>What a failed run says about the session. ONNX Runtime has no codes for it: the message decides.</summary>
internal static class SessionFault
{
    private static readonly string[] OutOfMemory =
    [
        "out of memory", "Failed to allocate memory", "is smaller than requested bytes",
        "CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation", "bad allocation",
        "std::bad_alloc", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED",
    ];

    private static readonly string[] Lost =
    [
        "CUDA failure", "CUDA error", "CUDA_ERROR", "cudaError", "CUDNN failure", "CUDNN_STATUS", "CUDNN_FE failure",
        "CUDNN_BACKEND_API_FAILED", "CUBLAS failure", "CUBLAS_STATUS",
        "illegal memory access", "device-side assert", "unspecified launch failure", "device lost", "TensorRT EP",
    ];

    /// <summary>There is too little memory for so many images, on the GPU or for the tensors; fewer may do.</summary>
    internal static bool IsOutOfMemory(Exception exception) =>
        exception is OutOfMemoryException or EnvironmentException { Code: EnvironmentErrorCodes.OutOfMemory }
        || (exception is OnnxRuntimeException or GpuException && Says(exception, OutOfMemory));

    /// <summary>
    /// The graph's output has another shape than the memory that was bound for it, as far as ONNX Runtime knows the shape before it runs.
    /// </summary>
    internal static bool IsOutputOfAnotherShape(Exception exception) =>
        exception is OnnxRuntimeException && Says(exception, ["Got invalid dimensions for output"]);

    /// <summary>The session is of no use any more; a new one may do.</summary>
    internal static bool IsLost(Exception exception) =>
        exception is ObjectDisposedException
        || (exception is OnnxRuntimeException or GpuException && !IsOutOfMemory(exception) && Says(exception, Lost));

    private static bool Says(Exception exception, string[] phrases) =>
        Array.Exists(phrases, phrase => exception.Message.Contains(phrase, StringComparison.OrdinalIgnoreCase));
}
