using System.ComponentModel.DataAnnotations;

namespace Nanodet.Detection.Batching;

/// <summary>How <see cref="DetectionBatcher"/> puts the images of many requests into runs of the model.</summary>
public sealed record BatchingOptions
{
    /// <summary>The configuration section of the function app.</summary>
    public const string Section = "Nanodet:Batching";

    /// <summary>Threads that decode and run at the same time.</summary>
    /// <value>
    /// 0 to 256 threads; default 0: on the CPU one for each logical processor, for which the model is best loaded with as many
    /// <see cref="Inference.ModelOptions.ConcurrentRuns"/>; on a GPU half as many again as processors, 2 to 64:
    /// some wait for their runs while the others decode.
    /// </value>
    [Range(0, 256)]
    public int Lanes { get; init; }

    /// <summary>The most images in one run, within <see cref="Detectors.DetectorOptions.MaxRunSize"/>.</summary>
    /// <value>0 to 256 images; default 0: measured when batching begins.</value>
    [Range(0, 256)]
    public int MaxRunSize { get; init; }

    /// <summary>How long an image waits for others while a lane is free. Where runs have one image, none waits.</summary>
    /// <value>0 to 1 second; default 5 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Images that wait or run; what asks for more waits until there is a place.</summary>
    /// <value>1 to 100,000 images; default 256.</value>
    [Range(1, 100_000)]
    public int QueueCapacity { get; init; } = 256;

    /// <summary>How long sizes of runs may be measured for; a size that was begun is finished.</summary>
    /// <value>0 to 1 minute; default 500 ms. 0 measures nothing: one image a run on the CPU, as many as allowed on a GPU.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CalibrationTime { get; init; } = TimeSpan.FromMilliseconds(500);
}
