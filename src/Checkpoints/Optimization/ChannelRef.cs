namespace Nanodet.Checkpoints.Optimization;

/// <summary>One channel of a value that some node of the plain graph computes, rather than selects.</summary>
/// <param name="Value">Name of the value.</param>
/// <param name="Channel">Index of the channel.</param>
internal readonly record struct ChannelRef(string Value, int Channel);
