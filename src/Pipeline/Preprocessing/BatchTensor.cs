using System.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Pipeline.Preprocessing;

/// <summary>A float32 tensor <c>[batch, 3, height, width]</c> over a rented buffer; disposing returns the buffer.</summary>
internal sealed class BatchTensor : IDisposable
{
    private float[]? _buffer;

    internal BatchTensor(int capacity, int height, int width)
    {
        Capacity = capacity;
        Height = height;
        Width = width;
        _buffer = ArrayPool<float>.Shared.Rent(checked(capacity * ImageLength));
    }

    /// <summary>The most images that fit.</summary>
    internal int Capacity { get; }

    /// <summary>Rows, in pixels.</summary>
    internal int Height { get; }

    /// <summary>Columns, in pixels.</summary>
    internal int Width { get; }

    private int ImageLength => checked(3 * Height * Width);

    /// <summary>The floats of one image, with whatever the buffer held before.</summary>
    internal Span<float> Image(int index) => Buffer.AsSpan(index * ImageLength, ImageLength);

    /// <summary>A view of the first <paramref name="count"/> images for ONNX Runtime; dispose it before this tensor.</summary>
    internal OrtValue AsOrtValue(int count) => OrtValue.CreateTensorValueFromMemory(
        OrtMemoryInfo.DefaultInstance,
        Buffer.AsMemory(0, count * ImageLength),
        [count, 3, Height, Width]);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    private float[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(BatchTensor));
}
