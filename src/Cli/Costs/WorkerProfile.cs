namespace Nanodet.Serverless.Cli.Costs;

/// <summary>What a worker runs on: a replica of a workload profile of Container Apps.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Cores">vCPU of a replica, as the template asks for them.</param>
/// <param name="MemoryGib">Memory of a replica, as the template asks for it.</param>
/// <param name="Gpu">Name of the price of its GPU; null for none.</param>
/// <param name="ImagesPerSecond">What one busy worker is assumed to process.</param>
internal sealed record WorkerProfile(string Name, double Cores, double MemoryGib, string? Gpu, double ImagesPerSecond)
{
    /// <summary>
    /// Every profile. The rate on the CPU follows from measured times of an image (14.2 ms for the model and 6 ms for decoding a photo
    /// of 2.5 megapixels, two vCPU to a core); those of the GPUs are half of what the decoding on their vCPU allows. None was measured in
    /// Azure.
    /// </summary>
    public static IReadOnlyList<WorkerProfile> All { get; } =
    [
        new("T4", 8, 56, "t4Second", 330),
        new("A100", 24, 220, "a100Second", 1000),
        new("cpu", 4, 8, null, 99),
    ];
}
