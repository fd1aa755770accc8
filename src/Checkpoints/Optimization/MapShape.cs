namespace Nanodet.Checkpoints.Optimization;

/// <summary>Shape of a feature map without its batch axis.</summary>
/// <param name="Channels">Number of channels.</param>
/// <param name="Height">Height for an input of the configured size.</param>
/// <param name="Width">Width, likewise.</param>
internal readonly record struct MapShape(int Channels, int Height, int Width)
{
    /// <summary>Pixels of one channel.</summary>
    public long Pixels => (long)Height * Width;
}
