using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>An output that ONNX Runtime allocated for the run.</summary>
internal sealed class SharedOutput(
    OrtValue input, IDisposableReadOnlyCollection<OrtValue> values, int points, int columns, Action release)
    : ModelOutput(points, columns, release)
{
    /// <inheritdoc/>
    internal override ReadOnlySpan<float> All => values[0].GetTensorDataAsSpan<float>();

    /// <inheritdoc/>
    private protected override void GiveBack()
    {
        values.Dispose();
        input.Dispose();
    }
}
