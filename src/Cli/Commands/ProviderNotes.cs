using Nanodet.Detection.Gpu;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What is worth saying about the provider that a model runs on.</summary>
internal static class ProviderNotes
{
    /// <summary>
    /// Why a GPU that this machine has is not used; null where it is used, or where there is none: then nobody expects one.
    /// </summary>
    /// <param name="provider">What the model runs on.</param>
    public static string? For(ProviderSelection provider) =>
        provider.FallbackReason is { } reason && GpuProbe.Probe().Gpus.Count > 0 ? reason : null;
}
