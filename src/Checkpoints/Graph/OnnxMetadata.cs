using Google.Protobuf;
using Onnx;

namespace Nanodet.Checkpoints.Graph;

/// <summary>Reads and writes the <c>metadata_props</c> of an ONNX file without running it.</summary>
public static class OnnxMetadata
{
    /// <summary>The key of the parity fixture, which is computed by running the model and so is added after the export.</summary>
    public const string Parity = "nanodet.parity";

    /// <summary>Reads the entries.</summary>
    /// <param name="model">The whole file.</param>
    /// <returns>The entries in file order.</returns>
    /// <exception cref="CheckpointException">The bytes are not an ONNX model, or an entry comes twice.</exception>
    public static IReadOnlyDictionary<string, string> Read(ReadOnlySpan<byte> model)
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in Parse(model).MetadataProps)
        {
            if (!entries.TryAdd(entry.Key, entry.Value))
            {
                throw new CheckpointException(
                    CheckpointErrorCode.NotAnOnnxModel,
                    $"The ONNX model has the metadata '{entry.Key}' twice; which of the two holds is anyone's guess.");
            }
        }

        return entries;
    }

    /// <summary>Gives the file with one entry added or replaced.</summary>
    /// <param name="model">The whole file.</param>
    /// <param name="key">The entry's key.</param>
    /// <param name="value">The entry's value.</param>
    /// <returns>The new file; the given one is not changed.</returns>
    /// <exception cref="CheckpointException">The bytes are no ONNX model.</exception>
    public static byte[] With(ReadOnlySpan<byte> model, string key, string value)
    {
        var parsed = Parse(model);
        Set(parsed, key, value);
        return parsed.ToByteArray();
    }

    internal static void Set(ModelProto model, string key, string value)
    {
        var entry = model.MetadataProps.FirstOrDefault(entry => entry.Key == key);
        if (entry is null)
        {
            entry = new StringStringEntryProto { Key = key };
            model.MetadataProps.Add(entry);
        }

        entry.Value = value;
    }

    internal static ModelProto Parse(ReadOnlySpan<byte> model)
    {
        try
        {
            var parsed = ModelProto.Parser.ParseFrom(model);
            if (parsed.Graph is { Node.Count: > 0 })
            {
                return parsed;
            }
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new CheckpointException(
                CheckpointErrorCode.NotAnOnnxModel, $"The file ({model.Length} bytes) is no ONNX model: {exception.Message}", exception);
        }

        throw new CheckpointException(
            CheckpointErrorCode.NotAnOnnxModel, $"The file ({model.Length} bytes) is no ONNX model: it has no graph.");
    }
}
