namespace Nanodet.Checkpoints.Optimization;

/// <summary>One of the tensors that hold a computed value's channels in the optimised graph.</summary>
/// <param name="Value">The value of the plain graph.</param>
/// <param name="Index">Which of its tensors.</param>
/// <param name="Size">Number of its channels, padding included.</param>
internal readonly record struct TensorRef(string Value, int Index, int Size);
