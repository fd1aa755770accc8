using System.Buffers.Binary;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// The format that <c>torch.save</c> wrote before PyTorch 1.6: five pickles one after the other (a magic number, the protocol
/// version, the writer's system, the object, the list of storage keys), then each storage in the order of that list, as its number
/// of elements (8 bytes) and its bytes.
/// </summary>
internal sealed class LegacyTorchFile : IStorageFile
{
    private const byte Protocol = 0x80;
    private const byte Frame = 0x95;
    private const int FrameBytes = 9;

    // The number 0x1950a86a20f9469cfc6c.
    private static readonly byte[] Magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    // The storage classes whose elements are not read, with the bytes of an element: what comes behind them has to be found.
    private static readonly Dictionary<string, int> PassedSizes = new(StringComparer.Ordinal)
    {
        ["torch.ComplexFloatStorage"] = 8,
        ["torch.ComplexDoubleStorage"] = 16,
        ["torch.QInt8Storage"] = 1,
        ["torch.QUInt8Storage"] = 1,
        ["torch.QInt32Storage"] = 4,
        ["torch.QUInt4x2Storage"] = 1,
        ["torch.QUInt2x4Storage"] = 1,
        ["torch.UntypedStorage"] = 1,
        ["torch.storage.UntypedStorage"] = 1,
        ["torch.storage._UntypedStorage"] = 1,
    };

    private readonly byte[] _file;
    private readonly Dictionary<string, StorageReference> _references = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Class, long Elements)> _passed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TorchStorage> _storages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _offsets = new(StringComparer.Ordinal);

    private LegacyTorchFile(byte[] file) => _file = file;

    /// <summary>Whether a file starts like this format.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> file) => HeaderLength(file) > 0;

    /// <summary>Reads the root object; tensors refer to storages that are read when their values are asked for.</summary>
    /// <exception cref="CheckpointException">The file is unsafe, malformed or truncated.</exception>
    public static object? ReadRoot(byte[] file) => new LegacyTorchFile(file).Read();

    /// <summary>The bytes of the magic number's pickle, in any protocol; 0 where there is none.</summary>
    private static int HeaderLength(ReadOnlySpan<byte> file)
    {
        if (file is not [Protocol, >= 2 and <= 5, ..])
        {
            return 0;
        }

        var start = file is [_, _, Frame, ..] ? 2 + FrameBytes : 2;
        return file.Length > start && file[start..].StartsWith(Magic) ? start + Magic.Length : 0;
    }

    private object? Read()
    {
        var position = HeaderLength(_file);
        Next(ref position);
        if (Next(ref position) is PickledDictionary system && system["little_endian"] is false)
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm,
                "The checkpoint was written on a big-endian machine; only little-endian ones are read.");
        }

        var root = Next(ref position);
        if (Next(ref position) is not List<object?> keys)
        {
            throw new CheckpointException(CheckpointErrorCode.Malformed, "The checkpoint has no list of storages behind its object.");
        }

        foreach (var key in keys)
        {
            Locate(key as string ?? "", ref position);
        }

        var lost = _references.Keys.Except(_offsets.Keys).FirstOrDefault();
        return lost is null
            ? root
            : throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"A tensor refers to the storage '{lost}', which the file does not hold.");
    }

    private object? Next(ref int position)
    {
        var value = TorchUnpickler.Read(
            _file.AsSpan(position, Math.Min(_file.Length - position, CheckpointLimits.PickleBytes)), this, out var length);
        position += length;
        return value;
    }

    /// <inheritdoc/>
    public TorchStorage Find(StorageReference reference)
    {
        if (_references.TryGetValue(reference.Key, out var known))
        {
            return known == reference ? _storages[reference.Key] : throw reference.Contradicts(known);
        }

        reference.RequireSize(_file.Length, "file");
        var storage = new TorchStorage(
            reference.Key,
            reference.Type,
            reference.Elements,
            () => _file.AsSpan(_offsets[reference.Key], (int)reference.Elements * reference.Type.ByteSize()).ToArray());
        _references.Add(reference.Key, reference);
        _storages.Add(reference.Key, storage);
        return storage;
    }

    /// <inheritdoc/>
    public void Pass(string storageClass, string key, long elements) => _passed.TryAdd(key, (storageClass, elements));

    private void Locate(string key, ref int position)
    {
        var (expected, elementBytes) = SizeOf(key);
        if (expected < 0 || expected > CheckpointLimits.FileBytes
            || _file.Length - position < sizeof(long) + (expected * elementBytes))
        {
            throw new CheckpointException(
                CheckpointErrorCode.Truncated,
                $"The file ends inside the storage '{key}': {expected} x {elementBytes} bytes were expected from byte "
                + $"{position + sizeof(long)} on, the file has {_file.Length}.");
        }

        var elements = BinaryPrimitives.ReadInt64LittleEndian(_file.AsSpan(position));
        if (elements != expected)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed,
                $"The storage '{key}' has {elements} elements in the file and {expected} for its tensors.");
        }

        position += sizeof(long);
        if (!_offsets.TryAdd(key, position))
        {
            throw new CheckpointException(CheckpointErrorCode.Malformed, $"The file lists the storage '{key}' twice.");
        }

        position += (int)(expected * elementBytes);
    }

    private (long Elements, int ElementBytes) SizeOf(string key)
    {
        if (_references.TryGetValue(key, out var reference))
        {
            return (reference.Elements, reference.Type.ByteSize());
        }

        if (!_passed.TryGetValue(key, out var passed))
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"The file lists the storage '{key}', which no tensor refers to.");
        }

        return PassedSizes.TryGetValue(passed.Class, out var bytes)
            ? (passed.Elements, bytes)
            : throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm,
                $"The storage '{key}' is a {PickleError.Shortened(passed.Class)}, whose elements are of no size that is known here, so "
                + $"the weights behind it are not found. {SavedForms.Advice}");
    }
}
