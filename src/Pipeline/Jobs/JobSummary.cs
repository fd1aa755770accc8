using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>What the lines of a job's results add up to.</summary>
/// <param name="jobId">The job: only its own lines cost it time.</param>
internal sealed class JobSummary(string jobId)
{
    private readonly SortedDictionary<string, long> _classes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Sha256, string Provider), (ResultModel Model, long Images)> _models = [];
    private double _processorMs;
    private double _gpuMs;

    /// <summary>Images that the job itself detected.</summary>
    internal long Detected { get; private set; }

    /// <summary>Images that failed in the job itself.</summary>
    internal long Failed { get; private set; }

    /// <summary>Images that have the result of another request.</summary>
    internal long Skipped { get; private set; }

    /// <summary>Detections by class name.</summary>
    internal IReadOnlyDictionary<string, long> Classes => _classes;

    /// <summary>Failures by code.</summary>
    internal IReadOnlyDictionary<string, long> Failures => _failures;

    /// <summary>What computed the results, most images first.</summary>
    internal IReadOnlyList<JobModel> Models =>
    [
        .. _models.OrderByDescending(model => model.Value.Images).ThenBy(model => model.Key.Sha256, StringComparer.Ordinal)
            .Select(model => new JobModel(model.Value.Model, model.Key.Provider, model.Value.Images)),
    ];

    /// <summary>Seconds of one processor.</summary>
    internal double ProcessorSeconds => Math.Round(_processorMs / 1000, 3);

    /// <summary>Seconds of a GPU.</summary>
    internal double GpuSeconds => Math.Round(_gpuMs / 1000, 3);

    /// <summary>Adds a line.</summary>
    internal void Add(DetectionResult result)
    {
        foreach (var detection in result.Detections ?? [])
        {
            _classes[detection.ClassName] = _classes.GetValueOrDefault(detection.ClassName) + 1;
        }

        if (result.Error is { } error)
        {
            _failures[error.Code] = _failures.GetValueOrDefault(error.Code) + 1;
        }

        if (result is { Model: { } model, Provider: { } provider })
        {
            var key = (model.Sha256, provider);
            _models[key] = (model, _models.TryGetValue(key, out var before) ? before.Images + 1 : 1);
        }

        if (result.JobId != jobId)
        {
            Skipped++;
            return;
        }

        AddTime(result.Timings, isOnGpu: result.Provider is not (null or ProviderSelection.Cpu));
        if (result.Status == DetectionStatus.Detected)
        {
            Detected++;
        }
        else
        {
            Failed++;
        }
    }

    private void AddTime(StageTimings timings, bool isOnGpu)
    {
        _processorMs += timings.DecodeMs + timings.PreprocessMs + timings.PostprocessMs + (isOnGpu ? 0 : timings.InferenceMs);
        _gpuMs += isOnGpu ? timings.InferenceMs : 0;
    }
}
