namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>How a simulated job went.</summary>
/// <param name="Images">Its images.</param>
/// <param name="Seconds">From its start to its last record.</param>
/// <param name="LongestQueue">The most batches that waited for a worker at a time.</param>
/// <param name="WorkerUse">Share of the workers' processor time that was used.</param>
/// <param name="CoordinatorUse">Share of the coordinator's; on one machine both are the machine's.</param>
/// <param name="Cores">Cores of all of them together.</param>
internal sealed record SimulatedJob(
    long Images, double Seconds, long LongestQueue, double WorkerUse, double CoordinatorUse, double Cores)
{
    /// <summary>Images per second.</summary>
    public double Rate => Images / Seconds;
}
