using System.Buffers.Binary;
using System.Collections;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// The format that <c>torch.save</c> wrote before PyTorch 1.6: five pickles one after the other (a magic number, the protocol
/// version, the writer's system, the object, the list of storage keys), then each storage in the order of that list, as its number
/// of elements (8 bytes) and its bytes.
/// </summary>
internal sealed class LegacyTorchFile
{
    // Protocol 2 and the number 0x1950a86a20f9469cfc6c.
    private static readonly byte[] Magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    private readonly byte[] _file;
    private readonly Dictionary<string, StorageReference> _references = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TorchStorage> _storages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _offsets = new(StringComparer.Ordinal);

    private LegacyTorchFile(byte[] file) => _file = file;

    /// <summary>Whether a file starts like this format.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> file) => file.StartsWith(Magic);

    /// <summary>Reads the root object; tensors refer to storages that are read when their values are asked for.</summary>
    /// <exception cref="CheckpointException">The file is unsafe, malformed or truncated.</exception>
    public static object? ReadRoot(byte[] file) => new LegacyTorchFile(file).Read();

    private object? Read()
    {
        var position = Magic.Length;
        Next(ref position);
        if (Next(ref position) is Hashtable system && system["little_endian"] is false)
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm,
                "The checkpoint was written on a big-endian machine; only little-endian ones are read.");
        }

        var root = Next(ref position);
        if (Next(ref position) is not ArrayList keys)
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
            _file.AsMemory(position, Math.Min(_file.Length - position, CheckpointLimits.PickleBytes)), Resolve, out var length);
        position += length;
        return value;
    }

    private TorchStorage Resolve(StorageReference reference)
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

    private void Locate(string key, ref int position)
    {
        if (!_references.TryGetValue(key, out var reference))
        {
            throw new CheckpointException(CheckpointErrorCode.Malformed, $"The file lists the storage '{key}', which no tensor refers to.");
        }

        var bytes = reference.Elements * reference.Type.ByteSize();
        if (_file.Length - position < sizeof(long) + bytes)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Truncated,
                $"The file ends inside the storage '{key}': {bytes} bytes were expected from byte {position + sizeof(long)} on, "
                + $"the file has {_file.Length}.");
        }

        var elements = BinaryPrimitives.ReadInt64LittleEndian(_file.AsSpan(position));
        if (elements != reference.Elements)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed,
                $"The storage '{key}' has {elements} elements in the file and {reference.Elements} for its tensors.");
        }

        position += sizeof(long);
        if (!_offsets.TryAdd(key, position))
        {
            throw new CheckpointException(CheckpointErrorCode.Malformed, $"The file lists the storage '{key}' twice.");
        }

        position += (int)bytes;
    }
}
