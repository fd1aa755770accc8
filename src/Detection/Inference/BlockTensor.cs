using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>A tensor over a block that ONNX Runtime allocated.</summary>
internal sealed class BlockTensor : RunTensor
{
    private readonly HostBlocks _blocks;
    private HostBlock? _block;

    /// <summary>Takes a block.</summary>
    /// <exception cref="OnnxRuntimeException">There is no such block, and none can be allocated.</exception>
    /// <exception cref="InsufficientMemoryException">The same, found out here.</exception>
    internal BlockTensor(HostBlocks blocks, int capacity, int height, int width, Action release)
        : base(capacity, height, width, release)
    {
        _blocks = blocks;
        _block = blocks.Rent((long)capacity * ImageLength * sizeof(float));
    }

    private HostBlock Block => _block ?? throw new ObjectDisposedException(nameof(BlockTensor));

    /// <inheritdoc/>
    internal override Span<float> Image(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Capacity);
        return Block.Floats((long)index * ImageLength, ImageLength);
    }

    /// <inheritdoc/>
    internal override OrtValue AsOrtValue(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        return Block.AsOrtValue([count, 3, Height, Width]);
    }

    /// <inheritdoc/>
    private protected override bool GiveBack()
    {
        if (Interlocked.Exchange(ref _block, null) is not { } block)
        {
            return false;
        }

        _blocks.Return(block);
        return true;
    }
}
