using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Asserts how a checkpoint with that pickle and one storage of four bytes is refused.</summary>
internal static class PickleRefusal
{
    /// <summary>Asserts it of the inspector, whose allocations are bounded, and of the exporter.</summary>
    public static void Expect(string code, byte[] pickle, params string[] words)
    {
        var file = ArchiveBuilder.Torch(pickle, Little.Endian(1f));
        Refusal.ExpectWithin((32L << 20) + (pickle.Length * 8L), code, () => CheckpointInspector.Inspect(file), words);
        Refusal.Expect(code, () => ModelExporter.Export(file, TinyModel.Config(), "tiny"), words);
    }
}
