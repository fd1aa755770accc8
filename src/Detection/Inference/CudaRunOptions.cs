using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>Settings of a run on CUDA, by ONNX Runtime's names.</summary>
internal static class CudaRunOptions
{
    /// <summary>ONNX Runtime is not to capture the run itself: its graphs belong to a thread, and it waits for each replay.</summary>
    internal static void SkipGraph(RunOptions options) => options.AddRunConfigEntry("gpu_graph_id", "-1");

    /// <summary>The run ends when its work is in the stream, not when it is done.</summary>
    internal static void SkipWait(RunOptions options) => options.AddRunConfigEntry("disable_synchronize_execution_providers", "1");
}
