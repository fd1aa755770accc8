using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>Which model a worker keeps warm. Section <c>Nanodet:Model</c>.</summary>
public sealed record WarmModelOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Model";

    /// <summary>Where it comes from.</summary>
    /// <value>Default <see cref="WarmModelSource.Pointer"/>.</value>
    [EnumDataType(typeof(WarmModelSource))]
    public WarmModelSource Source { get; init; } = WarmModelSource.Pointer;

    /// <summary>Name of the pointer in container <c>models</c>.</summary>
    /// <value>Default <c>current.json</c>.</value>
    [Required]
    public string Pointer { get; init; } = "current.json";

    /// <summary>Name of the ONNX blob in container <c>models</c>, for <see cref="WarmModelSource.Blob"/>.</summary>
    /// <value>Default null.</value>
    public string? Blob { get; init; }

    /// <summary>Path of the ONNX file, for <see cref="WarmModelSource.File"/>.</summary>
    /// <value>Default null.</value>
    public string? File { get; init; }

    /// <summary>SHA-256 that the blob or file has to have. A pointer carries its own.</summary>
    /// <value>64 hex digits; default null: not checked.</value>
    [RegularExpression("^[0-9a-fA-F]{64}$")]
    public string? Sha256 { get; init; }

    /// <summary>What runs the graph.</summary>
    /// <value>Default <see cref="ExecutionProvider.Auto"/>.</value>
    [EnumDataType(typeof(ExecutionProvider))]
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>Refuse to be ready when any part of the graph would run on the CPU.</summary>
    /// <value>Default false.</value>
    public bool RequireGpu { get; init; }

    /// <summary>Which GPU, in the driver's order.</summary>
    /// <value>0 to 255; default 0.</value>
    [Range(0, 255)]
    public int DeviceId { get; init; }

    /// <summary>Threads that share one operator on the CPU.</summary>
    /// <value>0 to 1024 threads; default 0: the processors are shared out among the lanes of <c>Nanodet:Batching</c>.</value>
    [Range(0, 1024)]
    public int IntraOpThreads { get; init; }

    /// <summary>Plan the memory of a run in one block for each shape of the input; the blocks of many shapes add up.</summary>
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

    /// <summary>What optimised graphs may take in the folder <c>optimized</c> of <see cref="CacheFolder"/>.</summary>
    /// <value>0, or 1 MiB to 1 TiB, in bytes; default 1 GiB. 0 keeps none.</value>
    [Range(0L, 1L << 40)]
    public long OptimizedBytes { get; init; } = 1L << 30;

    /// <summary>
    /// In which precision the model serves. <see cref="PrecisionChoice.Auto"/> takes what fits the processor, so that workers on different
    /// processors may serve different precisions; any other value is the same on all of them, and a model that does not have it is refused.
    /// </summary>
    /// <value>Default <see cref="PrecisionChoice.Auto"/>.</value>
    [EnumDataType(typeof(PrecisionChoice))]
    public PrecisionChoice Precision { get; init; } = PrecisionChoice.Auto;

    /// <summary>Compute float32 models in TF32 on CUDA; results say so, and have another identity.</summary>
    /// <value>Default false.</value>
    public bool Tf32 { get; init; }

    /// <summary>Folder that keeps models under their SHA-256.</summary>
    /// <value>Default null: <c>nanodet/models</c> in the system's folder of temporary files.</value>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// Published models beside the current one that are in memory at the same time: requests name them. Each takes the memory of a model.
    /// </summary>
    /// <value>0 to 16 models; default 2; 0: a request for another model than the current one fails as <c>model_not_served</c>.</value>
    [Range(0, 16)]
    public int OtherModels { get; init; } = 2;

    /// <summary>How long such a model stays in memory while nobody uses it.</summary>
    /// <value>1 second to 1 day; default 10 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OtherModelIdle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How often the pointer is looked at: a model that is published takes the place of the serving one without a restart.
    /// </summary>
    /// <value>100 ms to 1 day; default 15 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The pause after the first failed try to load; it doubles with each.</summary>
    /// <value>10 ms to 1 hour; default 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two tries to load.</summary>
    /// <value>10 ms to 1 day; default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan LongestRetryPause { get; init; } = TimeSpan.FromSeconds(30);

    internal string Folder => CacheFolder ?? Path.Combine(Path.GetTempPath(), "nanodet", "models");

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OptimizedBytes is > 0 and < 1L << 20)
        {
            yield return new ValidationResult(
                $"Nanodet:Model:OptimizedBytes: expected 0 or at least 1048576 bytes, found {OptimizedBytes}.", [nameof(OptimizedBytes)]);
        }

        if (Source == WarmModelSource.Blob && string.IsNullOrEmpty(Blob))
        {
            yield return new ValidationResult("Nanodet:Model:Blob is needed when Nanodet:Model:Source is Blob.", [nameof(Blob)]);
        }

        if (Source == WarmModelSource.File && string.IsNullOrEmpty(File))
        {
            yield return new ValidationResult("Nanodet:Model:File is needed when Nanodet:Model:Source is File.", [nameof(File)]);
        }
    }
}
