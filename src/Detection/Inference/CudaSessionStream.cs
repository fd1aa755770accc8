namespace Nanodet.Detection.Inference;

/// <summary>The stream of a session on CUDA that has one of its own.</summary>
/// <param name="Handle">The address that CUDA knows it by.</param>
/// <param name="IsForCapture">Whether the session's runs are to be captured; a session a part of which runs on the CPU is refused.</param>
/// <param name="PrefersNhwc">Whether its convolutions have their channels last.</param>
internal sealed record CudaSessionStream(nint Handle, bool IsForCapture, bool PrefersNhwc);
