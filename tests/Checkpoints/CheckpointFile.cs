using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Checkpoints.Tests;

/// <summary>Makes complete checkpoints of procedural weights for any config.</summary>
internal static class CheckpointFile
{
    /// <summary>Every tensor that the network of a config reads, with procedural values.</summary>
    public static List<TorchTensorData> Tensors(byte[] config)
    {
        var weights = new WeightBinder(null);
        DetectorNetwork.Read(config).Build(weights);
        return [.. weights.Declared.Select(pair => Procedural(pair.Key, pair.Value))];
    }

    /// <summary>One tensor with procedural values.</summary>
    public static TorchTensorData Procedural(string name, params IReadOnlyList<int> shape) =>
        TorchTensorData.Float32(name, shape, ProceduralValues.Tensor(name, shape));

    /// <summary>A checkpoint's bytes.</summary>
    public static byte[] Write(IReadOnlyList<TorchTensorData> tensors)
    {
        using var stream = new MemoryStream();
        TorchArchiveWriter.Write(stream, tensors);
        return stream.ToArray();
    }
}
