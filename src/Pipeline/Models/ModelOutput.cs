using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>The output of one run, <c>[batch, points, columns]</c>. It keeps the session alive until it is disposed.</summary>
internal sealed class ModelOutput(IDisposableReadOnlyCollection<OrtValue> values, int points, int columns, Action release) : IDisposable
{
    private Action? _release = release;

    internal int Points { get; } = points;

    internal int Columns { get; } = columns;

    /// <summary>Every value, row-major.</summary>
    internal ReadOnlySpan<float> All => values[0].GetTensorDataAsSpan<float>();

    /// <summary>One image's points, row-major; valid until this output is disposed.</summary>
    internal ReadOnlySpan<float> Image(int index) => All.Slice(index * Points * Columns, Points * Columns);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _release, null) is { } release)
        {
            values.Dispose();
            release();
        }
    }
}
