using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>How a model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>What runs the graph.</summary>
    /// <value>Default <see cref="ExecutionProvider.Auto"/>.</value>
    [EnumDataType(typeof(ExecutionProvider))]
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>Refuse to load when any part of the graph would run on the CPU.</summary>
    /// <value>Default false.</value>
    public bool RequireGpu { get; init; }

    /// <summary>Which GPU, in the driver's order.</summary>
    /// <value>0 to 255; default 0.</value>
    [Range(0, 255)]
    public int DeviceId { get; init; }

    /// <summary>Threads that share one operator on the CPU.</summary>
    /// <value>0 to 1024 threads; default 0: one for each physical core.</value>
    [Range(0, 1024)]
    public int IntraOpThreads { get; init; }

    /// <summary>The NanoDet config of a foreign model.</summary>
    /// <value>A path; default null: the file beside the model with the ending <c>.yml</c> or <c>.yaml</c>.</value>
    public string? ConfigPath { get; init; }

    /// <summary>Version of the model in results.</summary>
    /// <value>Default null: the first 12 digits of the file's SHA-256.</value>
    public string? Version { get; init; }
}
