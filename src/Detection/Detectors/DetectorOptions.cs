using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Slicing;

namespace Nanodet.Detection.Detectors;

/// <summary>How a <see cref="Detector"/> works. Equal options are equal values.</summary>
public sealed record DetectorOptions
{
    private const int RunSizeOnCpu = 8;
    private const int RunSizeOnGpu = 64;

    /// <summary>The score threshold: a detection's score has to be greater.</summary>
    /// <value>0 to 1; default 0.35, the threshold of the official demo.</value>
    [Range(0.0, 1.0)]
    public float ScoreThreshold { get; init; } = 0.35f;

    /// <summary>The IoU threshold of NMS: of two boxes of a class whose IoU is greater, the one with the lower score goes.</summary>
    /// <value>0 to 1; default 0.6.</value>
    [Range(0.0, 1.0)]
    public float IouThreshold { get; init; } = 0.6f;

    /// <summary>The most detections of an image, over all classes; those with the highest scores stay.</summary>
    /// <value>1 to 1000; default 100.</value>
    [Range(1, 1000)]
    public int MaxDetections { get; init; } = 100;

    /// <summary>The most images in one run of the model. A model whose batch axis is fixed at 1 takes one at a time.</summary>
    /// <value>0 to 256 images; default 0: 8 on the CPU, 64 on a GPU.</value>
    [Range(0, 256)]
    public int MaxRunSize { get; init; }

    /// <summary>Threads that decode and warp images at the same time.</summary>
    /// <value>0 to 256 threads; default 0: one for each logical processor.</value>
    [Range(0, 256)]
    public int DecodeThreads { get; init; }

    /// <summary>
    /// Decode large JPEGs at half, a quarter or an eighth of their size, as long as that leaves at least the model's input. Faster, and
    /// scores and boxes differ a little from those at full size.
    /// </summary>
    /// <value>Default false. Without effect where <see cref="Slices"/> is set: tiles are looked at in full.</value>
    public bool FastDecode { get; init; }

    /// <summary>Look at overlapping tiles of an image, too, and merge: for small objects in large images.</summary>
    /// <value>Default null: only at the image as a whole.</value>
    [ValidateObjectMembers]
    public SliceOptions? Slices { get; init; }

    /// <summary>Which detections count: classes, thresholds of single classes, regions.</summary>
    /// <value>Default null: all above <see cref="ScoreThreshold"/>.</value>
    public DetectionFilter? Filter { get; init; }

    /// <summary>What an image may cost.</summary>
    /// <value>Default: 64 MiB and 100,000,000 pixels.</value>
    [Required]
    [ValidateObjectMembers]
    public ImageLimits Limits { get; init; } = new();

    /// <summary>The most images in one run of a model.</summary>
    internal int RunSizeOn(NanodetModel model) => model.IsBatchFixed ? 1
        : MaxRunSize > 0 ? MaxRunSize
        : model.Provider.Name == ProviderSelection.Cpu ? RunSizeOnCpu
        : RunSizeOnGpu;

    internal void Validate()
    {
        Validator.ValidateObject(this, new ValidationContext(this), validateAllProperties: true);
        Validator.ValidateObject(Limits, new ValidationContext(Limits), validateAllProperties: true);
        if (Slices is not null)
        {
            Validator.ValidateObject(Slices, new ValidationContext(Slices), validateAllProperties: true);
        }
    }
}
