using Nanodet.Checkpoints.Export;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet inspect</c>; one of the two is set.</summary>
/// <param name="Checkpoint">What a checkpoint holds.</param>
/// <param name="Model">What a model says of itself.</param>
internal sealed record InspectReport(CheckpointSummary? Checkpoint, ModelSummary? Model);
