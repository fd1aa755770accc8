using System.IO.Compression;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Writes zip archives, sound ones and others.</summary>
internal static class ArchiveBuilder
{
    /// <summary>A file of <c>torch.save</c>: a pickle and the storages 0, 1, ...</summary>
    public static byte[] Torch(byte[] pickle, params byte[][] storages) =>
        Zip([("archive/data.pkl", pickle), .. storages.Select((bytes, key) => ($"archive/data/{key}", bytes)), ("archive/version", "3\n"u8.ToArray())]);

    /// <summary>An archive of uncompressed records.</summary>
    public static byte[] Zip(params IEnumerable<(string Name, byte[] Content)> records) => Zip(CompressionLevel.NoCompression, records);

    /// <summary>An archive.</summary>
    public static byte[] Zip(CompressionLevel level, params IEnumerable<(string Name, byte[] Content)> records)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in records)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The records of an archive.</summary>
    public static List<(string Name, byte[] Content)> Unzip(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive, writable: false), ZipArchiveMode.Read);
        return [.. zip.Entries.Select(entry =>
        {
            using var stream = entry.Open();
            using var content = new MemoryStream();
            stream.CopyTo(content);
            return (entry.FullName, content.ToArray());
        })];
    }
}
