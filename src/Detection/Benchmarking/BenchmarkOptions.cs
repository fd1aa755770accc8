using System.ComponentModel.DataAnnotations;

namespace Nanodet.Detection.Benchmarking;

/// <summary>How a model is measured.</summary>
public sealed record BenchmarkOptions
{
    /// <summary>Callers that detect, or run the graph, at the same time.</summary>
    /// <value>1 to 256 callers; default: one for each logical processor.</value>
    [Range(1, 256)]
    public int Concurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>Images of one call, which share one run of the model.</summary>
    /// <value>1 to 256 images; default 1.</value>
    [Range(1, 256)]
    public int RunSize { get; init; } = 1;

    internal void Validate() => Validator.ValidateObject(this, new ValidationContext(this), validateAllProperties: true);
}
