namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet demo-model</c>.</summary>
/// <param name="Checkpoint">Path of the checkpoint.</param>
/// <param name="Config">Path of the config.</param>
/// <param name="Tensors">Tensors in the checkpoint.</param>
internal sealed record DemoModelReport(string Checkpoint, string Config, int Tensors);
