using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

/// <summary>Runs that fail when a test says so.</summary>
/// <param name="runs">What makes the others.</param>
/// <param name="find">Given a run's images: what to throw, or null.</param>
internal sealed class FaultyRuns(IModelRuns runs, Func<int, Exception?> find) : IModelRuns
{
    public RunMode Mode => runs.Mode;

    public RunTensor Rent(int capacity, int height, int width, Action release) => runs.Rent(capacity, height, width, release);

    public ModelOutput Run(RunTensor input, int count, Action release) =>
        find(count) is { } fault ? throw fault : runs.Run(input, count, release);

    public void Dispose() => runs.Dispose();
}
