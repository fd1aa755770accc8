namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>A figure that was measured on one machine of two cores, and what the simulation says of it.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Measured">Images per second.</param>
/// <param name="Simulated">Images per second.</param>
internal sealed record LocalFigure(string Name, double Measured, double Simulated)
{
    /// <summary>What a simulated figure may be off, as a share of the measured one.</summary>
    public const double Tolerance = 0.2;

    private const int Photos = 1000;

    /// <summary>
    /// The figures of bench/results/intel-xeon-2-cores. The processor times of a job are those of the same rounds; that of the detector
    /// alone is from another measurement (17.32 ms). So the first two lines test where time goes beside the processor, and the last three
    /// whether times of one measurement foretell another.
    /// </summary>
    public static IReadOnlyList<LocalFigure> All { get; } =
    [
        new("job of 1,000 photos, everything being compiled", 44.5, Job(new ServiceTimes(27.6, 8.7, 7.8))),
        new("the same, second round", 81.2, Job(new ServiceTimes(17.8, 1.4, 4.9))),
        new("the same, third round", 83.6, Job(new ServiceTimes(17.6, 1.2, 4.6))),
        new("detector alone, second round", 107.7, Detector()),
        new("detector alone, third round", 119.7, Detector()),
        new("batcher of the worker, 5,000 images", 113.6, Detector()),
    ];

    /// <summary>How far the two are apart, as a share of the measured figure.</summary>
    public double Error => Math.Abs(Simulated - Measured) / Measured;

    private static double Job(ServiceTimes times) =>
        JobSimulation.Run(new Plant { Times = times, IsOneMachine = true, BatchesInHand = 4 }, Photos).Rate;

    private static double Detector() =>
        JobSimulation.Run(new Plant { Times = new ServiceTimes(17.32, 0, 0), IsOneMachine = true, PollSeconds = 0 }, Photos).Rate;
}
