using System.ComponentModel.DataAnnotations;

namespace Nanodet.Detection.Batching;

/// <summary>How a worker puts the images of all its requests into runs of the model. Section <c>Nanodet:Batcher</c>.</summary>
public sealed record BatcherOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Batcher";

    /// <summary>Threads that decode and run at the same time.</summary>
    /// <value>
    /// 0 to 256 threads; default 0: on the CPU one for each processor, whose runs have one thread each; on a GPU two, of which one decodes
    /// while the other's batch runs.
    /// </value>
    [Range(0, 256)]
    public int Lanes { get; init; }

    /// <summary>The most images in one run, within <c>Nanodet:Detector:MaxBatchSize</c>.</summary>
    /// <value>0 to 256 images; default 0: measured when the model is loaded.</value>
    [Range(0, 256)]
    public int MaxBatchSize { get; init; }

    /// <summary>How long an image waits for others while a lane is free. Batches of one wait for nothing.</summary>
    /// <value>0 to 1 second; default 5 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Images that wait or run; what asks for more waits until there is a place.</summary>
    /// <value>1 to 100,000 images; default 256.</value>
    [Range(1, 100_000)]
    public int QueueCapacity { get; init; } = 256;

    /// <summary>How long the batch sizes may be measured for; a size that was begun is finished.</summary>
    /// <value>0 to 1 minute; default 500 ms. 0 measures nothing: one image a run on the CPU, as many as allowed on a GPU.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CalibrationTime { get; init; } = TimeSpan.FromMilliseconds(500);
}
