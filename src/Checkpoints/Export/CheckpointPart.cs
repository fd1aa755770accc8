namespace Nanodet.Checkpoints.Export;

/// <summary>A part of a checkpoint: the tensors under one first name.</summary>
/// <param name="Name">The first name: <c>backbone</c>, <c>fpn</c>, <c>head</c>, <c>aux_fpn</c>, <c>aux_head</c> or another.</param>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="Elements">Number of values in them, counters and running statistics included.</param>
public sealed record CheckpointPart(string Name, int Tensors, long Elements);
