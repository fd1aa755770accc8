namespace Nanodet.Checkpoints.Optimization;

/// <summary>Channels of one convolution that go through the same nodes to the same nodes.</summary>
/// <param name="Channels">The channels, in rising order.</param>
/// <param name="Readers">The nodes.</param>
internal sealed record ChannelClass(int[] Channels, IReadOnlyList<PlainNode> Readers)
{
    /// <summary>Whether a reader wants the channels as the plain graph has them.</summary>
    public bool IsExact => Readers.Any(reader => reader.Kind == NodeKind.Opaque);
}
