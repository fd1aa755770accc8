using Nanodet.Serverless.Checkpoints.Torch;
using Nanodet.Serverless.Cli.Demo;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Makes the demo's model from the installed npm package, for an app that has no model yet.</summary>
internal static class DemoModelBuilder
{
    /// <summary>The package's folder in the repository, or null where it is not installed.</summary>
    public static DirectoryInfo? FindPackage() =>
        AppFolder.FindRepository() is { } root && new DirectoryInfo(Path.Combine(root, "models", "demo", "node_modules", "@vladmandic", "human")) is { Exists: true } package
            ? package
            : null;

    /// <summary>Checkpoint, export, parity fixture.</summary>
    /// <param name="package">The package's folder.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The ONNX file.</returns>
    public static async Task<byte[]> BuildAsync(DirectoryInfo package, CancellationToken cancellationToken)
    {
        var graph = await InputFile.ReadAsync(new FileInfo(Path.Combine(package.FullName, "models", "nanodet.json")), "graph of the demo package", cancellationToken);
        var weights = await InputFile.ReadAsync(new FileInfo(Path.Combine(package.FullName, "models", "nanodet.bin")), "weights file of the demo package", cancellationToken);
        using var checkpoint = new MemoryStream();
        TorchArchiveWriter.Write(checkpoint, DemoModelImporter.Import(TfjsGraphModel.Read(graph, weights)), DemoModelImporter.ModelName);
        return ModelMaker.Make(checkpoint.ToArray(), DemoModelImporter.ReadConfig(), DemoModelImporter.ModelName).Onnx;
    }
}
