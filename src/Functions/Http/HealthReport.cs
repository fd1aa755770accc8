using Nanodet.Detection.Batching;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Functions.Hosting;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>The answer of <c>GET /api/health</c>.</summary>
/// <param name="Live">Always true: it answers.</param>
/// <param name="Ready">Whether it takes work: a coordinator always, a worker when its model passed the parity fixture.</param>
/// <param name="Role">What the process does.</param>
/// <param name="Version">The app's version.</param>
/// <param name="Model">The model that serves; null when none does.</param>
/// <param name="Provider">What runs it: <c>CPU</c>, <c>CUDA</c> or <c>TensorRT</c>; null when none serves.</param>
/// <param name="FallbackReason">Why it runs on the CPU although a GPU was preferred, or null.</param>
/// <param name="Code">Why it is not ready: a stable code; null when it is, and before the first try ended.</param>
/// <param name="Reason">Why it is not ready, in words.</param>
/// <param name="SwapProblem">Why the model that was published last does not serve while an older one does, or null.</param>
/// <param name="ModelLoads">Models that this process loaded.</param>
/// <param name="FailedTries">Tries to load that failed since one succeeded.</param>
/// <param name="ImagesComputed">Images that went through the model since the process began.</param>
/// <param name="SinceUtc">When the model's state was entered; null in a coordinator.</param>
/// <param name="Batching">How the model is run, and why so; null when none serves.</param>
/// <param name="Runs">How its runs are made, and where its tensors lie; null when none serves.</param>
/// <param name="Optimization">How the model got its optimised graph; null when none serves.</param>
/// <param name="Jpeg">What decodes JPEG, and what to install where something faster does; null in a coordinator.</param>
public sealed record HealthReport(
    bool Live,
    bool Ready,
    AppRole Role,
    string Version,
    ResultModel? Model,
    string? Provider,
    string? FallbackReason,
    string? Code,
    string? Reason,
    string? SwapProblem,
    int ModelLoads,
    int FailedTries,
    long ImagesComputed,
    DateTimeOffset? SinceUtc,
    BatchingPlan? Batching,
    RunMode? Runs,
    ModelOptimization? Optimization,
    JpegDecoding? Jpeg);
