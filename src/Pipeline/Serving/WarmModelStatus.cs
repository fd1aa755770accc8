using Nanodet.Detection.Batching;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>How far a worker is with its model, for people and for <c>GET /api/health</c>.</summary>
public sealed record WarmModelStatus
{
    /// <summary>The state.</summary>
    public required WarmModelState State { get; init; }

    /// <summary>
    /// Why it is not ready: one of <see cref="ModelErrorCodes"/> or of <see cref="EnvironmentErrorCodes"/>; null when it is ready or was
    /// never tried.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>Why it is not ready, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>The model that serves, or null.</summary>
    public ResultModel? Model { get; init; }

    /// <summary>What runs it: <c>CPU</c>, <c>CUDA</c> or <c>TensorRT</c>; null when none serves.</summary>
    public string? Provider { get; init; }

    /// <summary>Why it runs on the CPU although a GPU was preferred, or null.</summary>
    public string? FallbackReason { get; init; }

    /// <summary>How the model is run, and why so; null when none serves.</summary>
    public BatchingPlan? Batching { get; init; }

    /// <summary>Which form of the model serves, and why this one; null for a model of one file, and where none serves.</summary>
    public FormChoice? Form { get; init; }

    /// <summary>How its runs are made, and where its tensors lie; null when none serves.</summary>
    public RunMode? Runs { get; init; }

    /// <summary>The shapes that it is ready for on a GPU; empty on the CPU, and where none serves.</summary>
    public IReadOnlyList<ShapeStatus> Shapes { get; init; } = [];

    /// <summary>How the model got its optimised graph; null when none serves.</summary>
    public ModelOptimization? Optimization { get; init; }

    /// <summary>Why the model that was published last does not serve, while an older one does; null where it does.</summary>
    public string? SwapProblem { get; init; }

    /// <summary>Models that were loaded by this process, the serving one included.</summary>
    public int Loads { get; init; }

    /// <summary>Tries that failed since a model last became ready.</summary>
    public int FailedTries { get; init; }

    /// <summary>Images that went through the model since the process began.</summary>
    public long Images { get; init; }

    /// <summary>When the state was entered, in UTC.</summary>
    public required DateTimeOffset SinceUtc { get; init; }
}
