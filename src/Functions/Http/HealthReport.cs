using Nanodet.Detection.Batching;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Functions.Roles;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>The answer of <c>GET /api/health/details</c>, its properties in this order.</summary>
public sealed record HealthReport
{
    /// <summary>Always true: it answers.</summary>
    public bool Live { get; } = true;

    /// <summary>Whether it takes work: a coordinator always, a worker when its model passed the parity fixture.</summary>
    public required bool Ready { get; init; }

    /// <summary>What the process does.</summary>
    public required AppRole Role { get; init; }

    /// <summary>The app's version.</summary>
    public required string Version { get; init; }

    /// <summary>The model that serves; null when none does.</summary>
    public required ResultModel? Model { get; init; }

    /// <summary>What runs it: <c>CPU</c>, <c>CUDA</c> or <c>TensorRT</c>; null when none serves.</summary>
    public required string? Provider { get; init; }

    /// <summary>Why it runs on the CPU although a GPU was preferred, or null.</summary>
    public required string? FallbackReason { get; init; }

    /// <summary>Why it is not ready: a stable code; null when it is, and before the first try ended.</summary>
    public required string? Code { get; init; }

    /// <summary>Why it is not ready, in words.</summary>
    public required string? Reason { get; init; }

    /// <summary>Why the model that was published last does not serve while an older one does, or null.</summary>
    public required string? SwapProblem { get; init; }

    /// <summary>Models that this process loaded.</summary>
    public required int ModelLoads { get; init; }

    /// <summary>Tries to load that failed since one succeeded.</summary>
    public required int FailedTries { get; init; }

    /// <summary>Images that went through the model since the process began.</summary>
    public required long ImagesComputed { get; init; }

    /// <summary>When the model's state was entered; null in a coordinator.</summary>
    public required DateTimeOffset? SinceUtc { get; init; }

    /// <summary>How the model is run, and why so; null when none serves.</summary>
    public required BatchingPlan? Batching { get; init; }

    /// <summary>Which form of the model serves, and why this one; null for a model of one file, and where none serves.</summary>
    public required FormChoice? Form { get; init; }

    /// <summary>How its runs are made, and where its tensors lie; null when none serves.</summary>
    public required RunMode? Runs { get; init; }

    /// <summary>
    /// The shapes and run sizes that the model is ready for on a GPU, with what making each ready took; empty on the CPU, and where none
    /// serves.
    /// </summary>
    public required IReadOnlyList<ShapeStatus> Shapes { get; init; }

    /// <summary>How the model got its optimised graph; null when none serves.</summary>
    public required ModelOptimization? Optimization { get; init; }

    /// <summary>What decodes JPEG, and what to install where something faster does; null in a coordinator.</summary>
    public required JpegDecoding? Jpeg { get; init; }
}
