using Microsoft.Extensions.DependencyInjection;
using Nanodet.Detection.Detectors;

namespace Nanodet.Serverless.Pipeline.Tests.Serving;

/// <summary>Has the detection of a run's images fail, in the lane that does it.</summary>
internal sealed class RunFaults
{
    /// <summary>What to throw instead of detecting; null, or the answer null, to detect.</summary>
    public Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, Exception?>? Find { get; set; }

    /// <summary>Takes the place of the detector's own way in every model that an app loads.</summary>
    public void AddTo(IServiceCollection services) =>
        services.AddSingleton<Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, IReadOnlyList<DetectionOutcome>>>(
            (detector, images, token) => Find?.Invoke(detector, images) is { } fault ? throw fault : detector.Detect(images, token));
}
