using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;

namespace Nanodet.Detection.Benchmarking;

/// <summary>What was measured of one model. Rates are medians over the rounds.</summary>
public sealed record ModelFigures
{
    /// <summary>The model.</summary>
    public required ResultModel Model { get; init; }

    /// <summary>What ran it: CPU, CUDA or TensorRT.</summary>
    public required string Provider { get; init; }

    /// <summary>How runs are made, the whole way and alone, and where the tensors lie.</summary>
    public required RunMode Runs { get; init; }

    /// <summary>The shapes that the model was ready for, with what a run of each takes; empty on the CPU.</summary>
    public required IReadOnlyList<ShapeStatus> Shapes { get; init; }

    /// <summary>Rounds: in each one the whole way and the graph alone were measured, one after the other.</summary>
    public required int Rounds { get; init; }

    /// <summary>Images that went the whole way.</summary>
    public required long Images { get; init; }

    /// <summary>Images a second from encoded bytes to detections, all callers together.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>
    /// Images a second of the graph alone, run by as many callers on prepared tensors: the most that this machine can do.
    /// </summary>
    public required double RunImagesPerSecond { get; init; }

    /// <summary>
    /// <see cref="ImagesPerSecond"/> over <see cref="RunImagesPerSecond"/>: the median of the rounds' ratios, since a machine's speed
    /// drifts.
    /// </summary>
    public required double RatioToRun { get; init; }

    /// <summary>
    /// Processor time of an image from encoded bytes to detections, in milliseconds over all threads; other programs hardly change it.
    /// </summary>
    public required double ProcessorMs { get; init; }

    /// <summary>Processor time of an image in the graph alone, in milliseconds.</summary>
    public required double RunProcessorMs { get; init; }

    /// <summary>Encoded bytes to pixels.</summary>
    public required StageFigures Decode { get; init; }

    /// <summary>Pixels to tensor.</summary>
    public required StageFigures Preprocess { get; init; }

    /// <summary>An image's share of its run.</summary>
    public required StageFigures Inference { get; init; }

    /// <summary>Output to detections.</summary>
    public required StageFigures Postprocess { get; init; }

    /// <summary>Detections of an image, on average.</summary>
    public required double DetectionsPerImage { get; init; }

    /// <summary>Managed bytes that were allocated for an image, its result included, its encoded bytes not.</summary>
    public required double AllocatedBytesPerImage { get; init; }
}
