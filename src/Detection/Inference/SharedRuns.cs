using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>Runs that overlap, as many as there are callers, on arrays of the shared pool: for a session on the CPU.</summary>
internal sealed class SharedRuns(InferenceSession session, ModelDescription description) : IModelRuns
{
    private static readonly string[] Inputs = [ModelSignature.InputName];
    private static readonly string[] Outputs = [ModelSignature.OutputName];

    private readonly RunOptions _options = new();

    /// <inheritdoc/>
    public RunMode Mode { get; } = new(RunMode.Overlapping, RunMode.Pageable, RunMode.None);

    /// <inheritdoc/>
    public RunTensor Rent(int capacity, int height, int width, Action release) => new PooledTensor(capacity, height, width, release);

    /// <inheritdoc/>
    public ModelOutput Run(RunTensor input, int count, Action release)
    {
        IDisposableReadOnlyCollection<OrtValue>? values = null;
        var value = input.AsOrtValue(count);
        try
        {
            values = session.Run(_options, Inputs, [value], Outputs);
            var (points, columns) = ModelSignature.ValidateOutput(
                description, [count, 3, input.Height, input.Width], values[0].GetTensorTypeAndShape().Shape);
            return new SharedOutput(value, values, points, columns, release);
        }
        catch
        {
            values?.Dispose();
            value.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _options.Dispose();
}
