namespace Nanodet.Detection.Inference;

/// <summary>The output of one run, <c>[batch, points, columns]</c>. It keeps the session alive until it is disposed.</summary>
internal abstract class ModelOutput(int points, int columns, Action release) : IDisposable
{
    private Action? _release = release;

    internal int Points { get; } = points;

    internal int Columns { get; } = columns;

    /// <summary>Every value, row-major.</summary>
    internal abstract ReadOnlySpan<float> All { get; }

    /// <summary>One image's points, row-major; valid until this output is disposed.</summary>
    internal ReadOnlySpan<float> Image(int index) => All.Slice(index * Points * Columns, Points * Columns);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _release, null) is { } release)
        {
            GiveBack();
            release();
        }
    }

    /// <summary>Gives the memory back; called once.</summary>
    private protected abstract void GiveBack();
}
