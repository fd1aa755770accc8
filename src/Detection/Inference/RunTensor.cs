using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>
/// A float32 tensor <c>[batch, 3, height, width]</c> that images are written into and that a model runs; disposing gives its memory back.
/// </summary>
internal abstract class RunTensor : IDisposable
{
    private Action? _release;

    /// <summary>Describes the tensor.</summary>
    /// <param name="capacity">The most images that fit.</param>
    /// <param name="height">Rows, in pixels.</param>
    /// <param name="width">Columns, in pixels.</param>
    /// <param name="release">Called once, after the memory was given back; null for nothing.</param>
    private protected RunTensor(int capacity, int height, int width, Action? release)
    {
        Capacity = capacity;
        Height = height;
        Width = width;
        ImageLength = checked(3 * height * width);
        _release = release;
    }

    /// <summary>The most images that fit.</summary>
    internal int Capacity { get; }

    /// <summary>Rows, in pixels.</summary>
    internal int Height { get; }

    /// <summary>Columns, in pixels.</summary>
    internal int Width { get; }

    /// <summary>Floats of one image.</summary>
    private protected int ImageLength { get; }

    /// <summary>The floats of one image, with whatever the memory held before.</summary>
    internal abstract Span<float> Image(int index);

    /// <summary>A view of the first <paramref name="count"/> images for ONNX Runtime; dispose it before this tensor.</summary>
    internal abstract OrtValue AsOrtValue(int count);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (GiveBack())
        {
            Interlocked.Exchange(ref _release, null)?.Invoke();
        }
    }

    /// <summary>Gives the memory back.</summary>
    /// <returns>False when that was done before.</returns>
    private protected abstract bool GiveBack();
}
