namespace Nanodet.Detection.Natives;

/// <summary>A call of CUDA failed. What it means for a session is read from the message, as for ONNX Runtime's own.</summary>
internal sealed class GpuException(string message) : Exception(message);
