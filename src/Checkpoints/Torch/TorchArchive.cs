using System.IO.Compression;
using System.Text;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// The zip format that <c>torch.save</c> writes since PyTorch 1.6: <c>NAME/data.pkl</c> (a pickle), <c>NAME/data/KEY</c> (one
/// record per storage, raw and little endian), <c>NAME/version</c> and, in newer files, <c>NAME/byteorder</c>.
/// </summary>
internal sealed class TorchArchive : IStorageFile, IDisposable
{
    private const string Pickle = "data.pkl";

    private static readonly byte[] LocalHeader = [(byte)'P', (byte)'K', 3, 4];

    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _records;
    private readonly Dictionary<string, TorchStorage> _storages = [];

    private TorchArchive(ZipArchive zip, Dictionary<string, ZipArchiveEntry> records, string prefix)
    {
        _zip = zip;
        _records = records;
        Prefix = prefix;
    }

    /// <summary>The folder inside the archive that holds everything, without a slash.</summary>
    public string Prefix { get; }

    /// <summary>Opens an archive.</summary>
    /// <param name="file">The whole file; it has to stay unchanged while the archive is open.</param>
    /// <exception cref="CheckpointException">The bytes are no such archive, or a damaged or oversized one.</exception>
    public static TorchArchive Open(byte[] file)
    {
        if (file.Length < 4 || !file.AsSpan(0, 4).SequenceEqual(LocalHeader))
        {
            throw ForeignFile.Refuse(file);
        }

        ZipArchive? zip = null;
        try
        {
            zip = new ZipArchive(new MemoryStream(file, writable: false), ZipArchiveMode.Read);
            var records = Index(zip, file.Length);
            var pickles = records.Keys
                .Where(name => name.Count(c => c == '/') == 1 && name.EndsWith("/data.pkl", StringComparison.Ordinal))
                .ToList();
            if (pickles.Count != 1)
            {
                throw ForeignFile.RefuseArchive(records.Keys, pickles.Count);
            }

            var prefix = pickles[0][..^"/data.pkl".Length];
            if (records.ContainsKey($"{prefix}/constants.pkl"))
            {
                throw SavedForms.TorchScript($"its archive has {prefix}/constants.pkl");
            }

            var archive = new TorchArchive(zip, records, prefix);
            archive.RequireLittleEndian();
            return archive;
        }
        catch (InvalidDataException exception)
        {
            zip?.Dispose();
            throw new CheckpointException(
                CheckpointErrorCode.Truncated,
                $"The zip archive cannot be read ({file.Length} bytes): {exception.Message} Was the file copied completely?",
                exception);
        }
        catch (CheckpointException)
        {
            zip?.Dispose();
            throw;
        }
    }

    /// <summary>Reads the root object; tensors refer to storages that are read when their values are asked for.</summary>
    /// <exception cref="CheckpointException">The pickle is unsafe or malformed, or a storage does not exist.</exception>
    public object? ReadRoot() =>
        TorchUnpickler.Read(ReadRecord(Pickle, CheckpointLimits.PickleBytes), this, out _);

    /// <inheritdoc/>
    public void Dispose() => _zip.Dispose();

    private static Dictionary<string, ZipArchiveEntry> Index(ZipArchive zip, long fileBytes)
    {
        if (zip.Entries.Count > CheckpointLimits.Records)
        {
            throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                $"The archive has {zip.Entries.Count} records; at most {CheckpointLimits.Records} are read.");
        }

        var records = new Dictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);

        // torch.save stores its records uncompressed; a repacked file may be compressed, but not a thousandfold. Each record by
        // itself and then all: their sum alone could wrap around 64 bits.
        var limit = Math.Min(CheckpointLimits.FileBytes, fileBytes * 20);
        long total = 0;
        foreach (var entry in zip.Entries)
        {
            if (entry.FullName.StartsWith('/') || entry.FullName.Contains('\\') || entry.FullName.Split('/').Contains(".."))
            {
                throw new CheckpointException(
                    CheckpointErrorCode.Malformed, $"The archive has a record '{entry.FullName}' that points outside of it.");
            }

            if (!records.TryAdd(entry.FullName, entry))
            {
                throw new CheckpointException(CheckpointErrorCode.Malformed, $"The archive has the record '{entry.FullName}' twice.");
            }

            if (entry.Length > limit)
            {
                throw new CheckpointException(
                    CheckpointErrorCode.TooLarge,
                    $"The archive of {fileBytes} bytes announces {entry.Length} bytes for the record '{entry.FullName}'; "
                    + $"at most {limit} are read.");
            }

            total += entry.Length;
        }

        if (total > limit)
        {
            throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                $"The archive of {fileBytes} bytes announces {total} bytes of records; at most {limit} are read.");
        }

        return records;
    }

    private void RequireLittleEndian()
    {
        if (!_records.ContainsKey($"{Prefix}/byteorder"))
        {
            return;
        }

        var order = Encoding.ASCII.GetString(ReadRecord("byteorder", 16)).Trim();
        if (order != "little")
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm,
                $"The checkpoint says byteorder '{order}'; only 'little' is read. Save it again on a little-endian machine.");
        }
    }

    /// <inheritdoc/>
    public TorchStorage Find(StorageReference reference)
    {
        if (_storages.TryGetValue(reference.Key, out var known))
        {
            var first = new StorageReference(known.Key, known.Type, known.Elements);
            return first == reference ? known : throw reference.Contradicts(first);
        }

        if (!_records.TryGetValue($"{Prefix}/data/{reference.Key}", out var entry))
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"A tensor refers to the storage '{reference.Key}', which the archive does not hold.");
        }

        reference.RequireSize(entry.Length, "record");
        var storage = new TorchStorage(
            reference.Key, reference.Type, reference.Elements, () => ReadRecord($"data/{reference.Key}", CheckpointLimits.FileBytes));
        _storages.Add(reference.Key, storage);
        return storage;
    }

    /// <inheritdoc/>
    public void Pass(string storageClass, string key, long elements)
    {
        // Each storage is a record of its own: one that nobody reads is in nobody's way.
    }

    private byte[] ReadRecord(string name, long limit)
    {
        var entry = _records[$"{Prefix}/{name}"];
        if (entry.Length > limit)
        {
            throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                $"The record '{name}' announces {entry.Length} bytes; at most {limit} are read."
                    + (name == Pickle ? $" {SavedForms.Advice}" : ""));
        }

        try
        {
            var bytes = new byte[entry.Length];
            using var stream = entry.Open();
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is EndOfStreamException or InvalidDataException)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Truncated,
                $"The record '{name}' cannot be read to its end ({entry.Length} bytes): {exception.Message}",
                exception);
        }
    }
}
