using System.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>A tensor over an array of the shared pool.</summary>
internal sealed class PooledTensor : RunTensor
{
    private float[]? _buffer;

    internal PooledTensor(int capacity, int height, int width, Action? release = null)
        : base(capacity, height, width, release)
    {
        _buffer = ArrayPool<float>.Shared.Rent(checked(capacity * ImageLength));
    }

    private float[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(PooledTensor));

    /// <inheritdoc/>
    internal override Span<float> Image(int index) => Buffer.AsSpan(index * ImageLength, ImageLength);

    /// <inheritdoc/>
    internal override OrtValue AsOrtValue(int count) => OrtValue.CreateTensorValueFromMemory(
        OrtMemoryInfo.DefaultInstance,
        Buffer.AsMemory(0, count * ImageLength),
        [count, 3, Height, Width]);

    /// <inheritdoc/>
    private protected override bool GiveBack()
    {
        if (Interlocked.Exchange(ref _buffer, null) is not { } buffer)
        {
            return false;
        }

        ArrayPool<float>.Shared.Return(buffer);
        return true;
    }
}
