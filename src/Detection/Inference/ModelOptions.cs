using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Forms;

namespace Nanodet.Detection.Inference;

/// <summary>How a model is loaded, and on which processor it runs.</summary>
public sealed record ModelOptions
{
    /// <summary>What runs the graph.</summary>
    /// <value>Default <see cref="ExecutionProvider.Auto"/>.</value>
    [EnumDataType(typeof(ExecutionProvider))]
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>
    /// In which precision the model is wanted. Where a model has several forms, one of them is taken; a model of one file that has another
    /// precision is refused.
    /// </summary>
    /// <value>Default <see cref="PrecisionChoice.Auto"/>.</value>
    [EnumDataType(typeof(PrecisionChoice))]
    public PrecisionChoice Precision { get; init; } = PrecisionChoice.Auto;

    /// <summary>
    /// Compute float32 models in TF32 on CUDA: 10 bits of mantissa in place of 23, on cards from A100 on. Other providers and precisions
    /// are not affected.
    /// </summary>
    /// <value>Default false.</value>
    public bool Tf32 { get; init; }

    /// <summary>Refuse to load when any part of the graph would run on the CPU.</summary>
    /// <value>Default false.</value>
    public bool RequireGpu { get; init; }

    /// <summary>Which GPU, in the driver's order.</summary>
    /// <value>0 to 255; default 0.</value>
    [Range(0, 255)]
    public int DeviceId { get; init; }

    /// <summary>Threads that share one operator on the CPU.</summary>
    /// <value>
    /// 0 to 1024 threads; default 0: the processors are shared out among <see cref="ConcurrentRuns"/>; one for each physical core where
    /// no runs overlap.
    /// </value>
    [Range(0, 1024)]
    public int IntraOpThreads { get; init; }

    /// <summary>
    /// Runs that the caller is going to make at the same time. One run for each processor, with one thread each, gives the most images per
    /// second on a CPU.
    /// </summary>
    /// <value>1 to 1024 runs; default 1.</value>
    [Range(1, 1024)]
    public int ConcurrentRuns { get; init; } = 1;

    /// <summary>
    /// Plan the memory of a run in one block for each shape of the input. It saves allocations; the blocks of many shapes add up.
    /// </summary>
    /// <value>Default false.</value>
    public bool MemoryPattern { get; init; }

    /// <summary>By how much the arena of the GPU grows.</summary>
    /// <value>Default <see cref="ArenaGrowth.AsRequested"/>.</value>
    [EnumDataType(typeof(ArenaGrowth))]
    public ArenaGrowth GpuArenaGrowth { get; init; } = ArenaGrowth.AsRequested;

    /// <summary>What the arena of the GPU may hold at the most.</summary>
    /// <value>0 to 1 TiB, in bytes; default 0: what the GPU has.</value>
    [Range(0L, 1L << 40)]
    public long GpuMemoryBytes { get; init; }

    /// <summary>Folder that keeps optimised graphs, so that the next load leaves that step out. Nobody else may write to it.</summary>
    /// <value>A path; default null: none are kept.</value>
    public string? OptimizedFolder { get; init; }

    /// <summary>What the optimised graphs may take on disk; those that were not used for the longest go first.</summary>
    /// <value>1 MiB to 1 TiB, in bytes; default 1 GiB.</value>
    [Range(1L << 20, 1L << 40)]
    public long OptimizedBytes { get; init; } = 1L << 30;

    /// <summary>The NanoDet config of a foreign model.</summary>
    /// <value>A path; default null: the file beside the model with the ending <c>.yml</c> or <c>.yaml</c>.</value>
    public string? ConfigPath { get; init; }

    /// <summary>Version of the model in results.</summary>
    /// <value>Default null: the first 12 digits of the file's SHA-256.</value>
    public string? Version { get; init; }

    /// <summary>Threads of one run on the CPU; null to leave it to ONNX Runtime.</summary>
    internal int? ThreadsOfARun(int processors) => (IntraOpThreads, ConcurrentRuns) switch
    {
        ( > 0, _) => IntraOpThreads,
        (_, 1) => null,
        _ => Math.Max(1, processors / ConcurrentRuns),
    };
}
