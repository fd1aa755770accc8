using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Everything that an optimised graph depends on. ONNX Runtime warns that a graph with a blocked layout fits only the kind of machine
/// that it was made on; another runtime, provider or setting makes another graph, too.
/// </summary>
internal sealed record OptimizedModelKey
{
    /// <summary>Changes whenever this code makes other sessions of the same options.</summary>
    private const int Format = 1;

    private OptimizedModelKey(string text)
    {
        Text = text;
        Name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    /// <summary>One line with all of it.</summary>
    internal string Text { get; }

    /// <summary>32 hex digits, for a file name.</summary>
    internal string Name { get; }

    /// <summary>The key of a model on this machine.</summary>
    internal static OptimizedModelKey Create(string modelSha256, ExecutionProvider provider, ModelOptions options) => Create(
        modelSha256, provider, options, OrtEnv.Instance().GetVersionString(), ProcessorFeatures.Text);

    /// <summary>The key of a model on some machine.</summary>
    internal static OptimizedModelKey Create(
        string modelSha256, ExecutionProvider provider, ModelOptions options, string runtimeVersion, string processor) =>
        new($"format={Format}|model={modelSha256}|onnxruntime={runtimeVersion}|provider={provider}|level=all"
            + $"|requireGpu={options.RequireGpu}|device={(provider == ExecutionProvider.Cpu ? 0 : options.DeviceId)}"
            + $"|processor={processor}");
}
