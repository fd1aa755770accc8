using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Conversion;

namespace Nanodet.Serverless.Cli.Demo;

/// <summary>Makes the demo's model from the installed npm package, for an app that has no model yet.</summary>
internal static class DemoModelBuilder
{
    /// <summary>Checkpoint, export, parity fixture.</summary>
    /// <param name="package">The package's folder.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The ONNX file.</returns>
    public static async Task<byte[]> BuildAsync(DirectoryInfo package, CancellationToken cancellationToken)
    {
        var (checkpoint, _) = await ReadCheckpointAsync(package, cancellationToken);
        var converted = await ModelConverter.ConvertAsync(
            checkpoint, DemoModelImporter.ReadConfig(), new ConversionOptions { Name = DemoModelImporter.ModelName }, cancellationToken);
        return converted.Model.Onnx.ToArray();
    }

    /// <summary>The package's weights as a PyTorch checkpoint.</summary>
    /// <param name="package">The package's folder.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The checkpoint and how many tensors it holds.</returns>
    public static async Task<(byte[] Checkpoint, int Tensors)> ReadCheckpointAsync(
        DirectoryInfo package, CancellationToken cancellationToken)
    {
        var graph = await InputFile.ReadAsync(
            new FileInfo(Path.Combine(package.FullName, "models", "nanodet.json")), "graph of the demo package", cancellationToken);
        var weights = await InputFile.ReadAsync(
            new FileInfo(Path.Combine(package.FullName, "models", "nanodet.bin")), "weights file of the demo package", cancellationToken);
        var tensors = DemoModelImporter.Import(TfjsGraphModel.Read(graph, weights));
        using var checkpoint = new MemoryStream();
        TorchArchiveWriter.Write(checkpoint, tensors, DemoModelImporter.ModelName);
        return (checkpoint.ToArray(), tensors.Count);
    }
}
