using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Defaults of bulk jobs. Section <c>Nanodet:Jobs</c>.</summary>
public sealed record JobOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Jobs";

    /// <summary>Blobs that are listed at a time.</summary>
    /// <value>1 to 5000 blobs; default 1000.</value>
    [Range(1, 5000)]
    public int PageSize { get; init; } = 1000;

    /// <summary>Pages that are worked on at the same time.</summary>
    /// <value>1 to 64 pages; default 4.</value>
    [Range(1, 64)]
    public int PagesInFlight { get; init; } = 4;

    /// <summary>The most images of a batch of a job.</summary>
    /// <value>1 to 1000 images; default 64.</value>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 64;

    /// <summary>Price of one processor for an hour, for the cost in manifests.</summary>
    /// <value>0 to 1,000,000; default 0: no cost is given.</value>
    [Range(0.0, 1e6)]
    public double PricePerProcessorHour { get; init; }

    /// <summary>Price of one GPU for an hour, for the cost in manifests.</summary>
    /// <value>0 to 1,000,000; default 0.</value>
    [Range(0.0, 1e6)]
    public double PricePerGpuHour { get; init; }

    /// <summary>Currency of the prices.</summary>
    /// <value>At most 16 characters; default <c>USD</c>.</value>
    [StringLength(16, MinimumLength = 1)]
    public string Currency { get; init; } = "USD";

    /// <summary>What some time costs.</summary>
    /// <param name="processorSeconds">Seconds of one processor.</param>
    /// <param name="gpuSeconds">Seconds of a GPU.</param>
    internal JobCost CostOf(double processorSeconds, double gpuSeconds)
    {
        const double HourSeconds = 3600;
        const int Decimals = 6;
        return PricePerProcessorHour == 0 && PricePerGpuHour == 0
            ? new JobCost(processorSeconds, gpuSeconds, null, null)
            : new JobCost(
                processorSeconds,
                gpuSeconds,
                Math.Round(
                    ((processorSeconds * PricePerProcessorHour) + (gpuSeconds * PricePerGpuHour)) / HourSeconds, Decimals),
                Currency);
    }
}
