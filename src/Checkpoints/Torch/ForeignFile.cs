using System.Text;

namespace Nanodet.Checkpoints.Torch;

/// <summary>Names a file that is no checkpoint by how it starts.</summary>
internal static class ForeignFile
{
    private const int TarMagic = 257;

    // What a file starts with, and what it then is.
    private static readonly (byte[] Start, string What)[] Starts =
    [
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file, as Keras writes it"),
        ([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'], "an array of NumPy"),
        ([0x1f, 0x8b], "compressed with gzip; unpack it first"),
        ([(byte)'7', (byte)'z', 0xbc, 0xaf], "a 7z archive; unpack it first"),
        ([.. "Rar!"u8], "a RAR archive; unpack it first"),
        ([.. "GGUF"u8], "a GGUF file"),
        ([.. "ftrt"u8], "an engine of TensorRT"),
        ([.. "ptrt"u8], "an engine of TensorRT"),
        ([.. "7767517"u8], "the graph of an ncnn model"),
        ([.. "<?xml"u8], "an XML document, such as the graph of an OpenVINO model"),
        ([.. "%YAML"u8], "a text in YAML; are config and checkpoint swapped?"),
    ];

    /// <summary>The error about a file that is neither a zip archive nor one of the other forms that are read.</summary>
    public static CheckpointException Refuse(byte[] file)
    {
        var start = Encoding.ASCII.GetString(file.AsSpan(0, Math.Min(file.Length, 16)));
        return file switch
        {
            { Length: 0 } => NotOne("The file is empty; a checkpoint of torch.save was expected."),
            [0x80, <= 5, ..] => NotOne(
                "The file is a pickle, but none of torch.save: neither its zip format nor the one from before PyTorch 1.6. "
                + SavedForms.Advice),
            _ when start.StartsWith("<!DOCTYPE", StringComparison.OrdinalIgnoreCase)
                || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase) => NotOne(
                "The file is an HTML page, most likely the error page of a download; a checkpoint of torch.save was expected."),
            _ when start.StartsWith("version https://", StringComparison.Ordinal) =>
                NotOne("The file is a Git LFS pointer, not the checkpoint itself; fetch it with git lfs pull."),
            _ when IsShardIndex(file) => SavedForms.Sharded("the file is an index with the key 'weight_map'"),
            _ => NotOne(Describe(file) is { } what
                ? $"The file is {what}; a checkpoint of torch.save was expected. {SavedForms.Advice}"
                : "The file is no checkpoint of torch.save: a zip archive starts with 50 4b 03 04, this file with "
                    + $"{Convert.ToHexStringLower(file.AsSpan(0, Math.Min(file.Length, 8)))} ({file.Length} bytes)."),
        };
    }

    /// <summary>The error about a zip archive that is none of <c>torch.save</c>.</summary>
    /// <param name="records">The names of its records.</param>
    /// <param name="pickles">How many of them are the pickle of a checkpoint.</param>
    public static CheckpointException RefuseArchive(IReadOnlyCollection<string> records, int pickles)
    {
        if (records.FirstOrDefault(name => name.EndsWith("/model.json", StringComparison.Ordinal)) is { } script
            && records.Any(name => name.EndsWith(".py", StringComparison.Ordinal)))
        {
            throw SavedForms.TorchScript($"its archive has {script}");
        }

        var inner = records.FirstOrDefault(IsCheckpointName);
        var what = inner is not null
            ? $" It has {inner} inside: unpack it first."
            : records.Any(name => name.EndsWith(".npy", StringComparison.Ordinal))
                ? $" It holds arrays of NumPy. {SavedForms.Advice}"
                : records.Any(name => name.EndsWith("exported_program.json", StringComparison.Ordinal)
                    || name.EndsWith("archive_format", StringComparison.Ordinal))
                    ? $" It is a program of torch.export. {SavedForms.Advice}"
                    : records.Any(name => name.EndsWith(".h5", StringComparison.Ordinal)) ? " It is a model of Keras." : "";
        return NotOne($"The zip archive has {pickles} records NAME/data.pkl; a file of torch.save has one.{what}");
    }

    private static bool IsCheckpointName(string name) =>
        ((string[])[".pth", ".ckpt", ".pt", ".safetensors"]).Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static string? Describe(ReadOnlySpan<byte> file)
    {
        foreach (var (start, what) in Starts)
        {
            if (file.StartsWith(start))
            {
                return what;
            }
        }

        return file switch
        {
            // Protobuf: field 1 is the version of the format, the next one a producer's name, the graph or the like.
            [0x08, >= 3 and <= 20, 0x12 or 0x1a or 0x22 or 0x28 or 0x32 or 0x3a or 0x42, ..] => "an ONNX model already",
            [0x08, 1, 0x12, ..] => "a saved model of TensorFlow",
            [_, _, _, _, (byte)'T', (byte)'F', (byte)'L', (byte)'3', ..] => "a model of TensorFlow Lite",
            _ when file.Length > TarMagic + 5 && file.Slice(TarMagic, 5).SequenceEqual("ustar"u8) =>
                "a tar archive (older PyTorch wrote such files before 2017); unpack it, or load and save it again",
            _ when IsConfig(file) => "a training config; are config and checkpoint swapped?",
            _ => null,
        };
    }

    private static bool IsShardIndex(ReadOnlySpan<byte> file) =>
        file is [(byte)'{', ..] && file[..Math.Min(file.Length, 1 << 16)].IndexOf("\"weight_map\""u8) >= 0;

    private static bool IsConfig(ReadOnlySpan<byte> file)
    {
        var start = file[..Math.Min(file.Length, 1 << 16)];
        return start.IndexOf((byte)0) < 0 && start.IndexOf("model:"u8) >= 0 && start.IndexOf("arch:"u8) >= 0;
    }

    private static CheckpointException NotOne(string message) => new(CheckpointErrorCode.NotACheckpoint, message);
}
