namespace Nanodet.Detection.Inference;

/// <summary>An output that a run wrote into a block.</summary>
internal sealed class BlockOutput(HostBlocks blocks, HostBlock block, int count, int points, int columns, Action release)
    : ModelOutput(points, columns, release)
{
    private readonly int _length = checked(count * points * columns);
    private HostBlock? _block = block;

    /// <inheritdoc/>
    internal override ReadOnlySpan<float> All => (_block ?? throw new ObjectDisposedException(nameof(BlockOutput))).Floats(0, _length);

    /// <inheritdoc/>
    private protected override void GiveBack()
    {
        blocks.Return(_block!);
        _block = null;
    }
}
