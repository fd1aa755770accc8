using System.Buffers.Binary;
using System.Text.Json;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// The safetensors format: the length of a header (8 bytes, little endian), the header as JSON (per tensor its type, shape and the
/// offsets of its bytes), then the bytes. There is no code in it that could be run.
/// </summary>
internal static class SafetensorsFile
{
    private const int LongestHeader = 16 << 20;

    private static readonly Dictionary<string, TorchDType> Types = new(StringComparer.Ordinal)
    {
        ["F64"] = TorchDType.Float64,
        ["F32"] = TorchDType.Float32,
        ["F16"] = TorchDType.Float16,
        ["BF16"] = TorchDType.BFloat16,
        ["I64"] = TorchDType.Int64,
        ["I32"] = TorchDType.Int32,
        ["I16"] = TorchDType.Int16,
        ["I8"] = TorchDType.Int8,
        ["U8"] = TorchDType.UInt8,
        ["BOOL"] = TorchDType.Bool,
    };

    /// <summary>Whether a file starts like this format.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> file) =>
        file.Length > sizeof(ulong)
        && file[sizeof(ulong)] == '{'
        && BinaryPrimitives.ReadUInt64LittleEndian(file) is > 1 and <= LongestHeader;

    /// <summary>Reads the tensors as a bare state dict.</summary>
    /// <exception cref="CheckpointException">The file is malformed or truncated.</exception>
    public static object ReadRoot(byte[] file)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (length > file.Length - sizeof(ulong))
        {
            throw new CheckpointException(
                CheckpointErrorCode.Truncated, $"The safetensors header has {length} bytes, the file only {file.Length}.");
        }

        var dictionary = new PickledDictionary();
        try
        {
            using var header = JsonDocument.Parse(file.AsMemory(sizeof(ulong), length), new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.Name != "__metadata__")
                {
                    dictionary.Add(entry.Name, Tensor(file, sizeof(ulong) + length, entry));
                }
            }
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"The safetensors header does not describe tensors: {exception.Message}", exception);
        }

        return dictionary;
    }

    private static TorchTensor Tensor(byte[] file, int start, JsonProperty entry)
    {
        var type = entry.Value.GetProperty("dtype").GetString()!;
        if (!Types.TryGetValue(type, out var elementType))
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm,
                $"The tensor '{entry.Name}' has the type {type}; {string.Join(", ", Types.Keys)} are read.");
        }

        var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(side => side.GetInt64()).ToArray();
        var offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64()).ToArray();
        if (offsets is not [>= 0, var end] || end < offsets[0] || end > file.Length - start)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Truncated,
                $"The tensor '{entry.Name}' lies at bytes [{string.Join(", ", offsets)}] "
                + $"of the data, which has {file.Length - start} bytes.");
        }

        var (first, bytes) = ((int)(start + offsets[0]), (int)(end - offsets[0]));
        var storage = new TorchStorage(entry.Name, elementType, bytes / elementType.ByteSize(), () => file.AsSpan(first, bytes).ToArray());
        var strides = new long[shape.Length];
        var stride = 1L;
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = Math.Min(stride, CheckpointLimits.TensorElements);
            stride = Math.Min(stride, CheckpointLimits.TensorElements) * Math.Clamp(shape[d], 1, CheckpointLimits.TensorElements);
        }

        var tensor = new TorchTensor(storage, 0, shape, strides);
        return tensor.Elements * elementType.ByteSize() == bytes
            ? tensor
            : throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"The tensor '{entry.Name}' has {bytes} bytes for {tensor.Elements} elements of {type}.");
    }
}
