namespace Nanodet.Checkpoints.Architectures;

/// <summary>A value of the graph with four dimensions.</summary>
/// <param name="Value">Its name in the graph.</param>
/// <param name="Channels">Number of channels.</param>
/// <param name="Height">Height for an input of the configured size; a dynamic input scales it.</param>
/// <param name="Width">Width, likewise.</param>
internal sealed record FeatureMap(string Value, int Channels, int Height, int Width);
