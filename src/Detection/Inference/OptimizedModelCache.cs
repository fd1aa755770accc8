using System.Security.Cryptography;
using System.Text;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Optimised graphs on disk, so that a warm start does not optimise again. A file's name holds its key and the SHA-256 of its bytes, and
/// its metadata the key once more: what was damaged, or belongs to another model or machine, is not used and goes. Processes share a
/// folder: files come by renaming, and whoever finds none builds its own.
/// </summary>
/// <param name="folder">Where they lie; created when needed.</param>
/// <param name="maxBytes">What they may take together: those that were not used for the longest go first.</param>
/// <param name="time">Says when a file was used.</param>
internal sealed class OptimizedModelCache(string folder, long maxBytes, TimeProvider time)
{
    /// <summary>The metadata entry of an optimised graph that names its key.</summary>
    internal const string KeyProperty = "optimizedFor";

    private const string Ending = ".optimized.onnx";
    private const string TemporaryEnding = ".optimized.part";

    /// <summary>What a process may need at the most to write a file; one that is older was left behind.</summary>
    private static readonly TimeSpan LongestWrite = TimeSpan.FromHours(1);

    /// <summary>A graph whose bytes are still the right ones; damaged ones are removed.</summary>
    /// <param name="key">What it has to have been made for.</param>
    /// <param name="path">Where it lies.</param>
    internal byte[]? Find(OptimizedModelKey key, out string? path)
    {
        path = null;
        if (!Directory.Exists(folder))
        {
            return null;
        }

        foreach (var file in Directory.EnumerateFiles(folder, $"{key.Name}-*{Ending}"))
        {
            var bytes = File.ReadAllBytes(file);
            if (Path.GetFileName(file) == FileName(key, bytes))
            {
                File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
                path = file;
                return bytes;
            }

            File.Delete(file);
        }

        return null;
    }

    /// <summary>A name in the folder that nobody else uses.</summary>
    internal string CreateTemporaryName()
    {
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, $"{Guid.NewGuid():N}{TemporaryEnding}");
    }

    /// <summary>Takes a graph in that ONNX Runtime has written, and makes room for it.</summary>
    /// <param name="key">What it was made for.</param>
    /// <param name="temporary">The file; it is gone afterwards.</param>
    internal void Add(OptimizedModelKey key, string temporary)
    {
        using (var file = new FileStream(temporary, FileMode.Append, FileAccess.Write))
        {
            file.Write(Property(key));
        }

        var bytes = File.ReadAllBytes(temporary);
        var path = Path.Combine(folder, FileName(key, bytes));
        File.SetLastWriteTimeUtc(temporary, time.GetUtcNow().UtcDateTime);
        File.Move(temporary, path, overwrite: true);
        Trim(path);
    }

    private void Trim(string added)
    {
        var left = maxBytes;
        var files = new DirectoryInfo(folder).GetFiles();
        foreach (var file in files.Where(file => file.Name.EndsWith(Ending, StringComparison.Ordinal))
            .OrderByDescending(file => file.FullName == Path.GetFullPath(added))
            .ThenByDescending(file => file.LastWriteTimeUtc))
        {
            left -= file.Length;
            if (left < 0)
            {
                file.Delete();
            }
        }

        var now = time.GetUtcNow();
        foreach (var file in files.Where(file => file.Name.EndsWith(TemporaryEnding, StringComparison.Ordinal)
            && now - file.LastWriteTimeUtc > LongestWrite))
        {
            file.Delete();
        }
    }

    private static string FileName(OptimizedModelKey key, byte[] bytes) =>
        $"{key.Name}-{Convert.ToHexStringLower(SHA256.HashData(bytes))}{Ending}";

    /// <summary>
    /// The entry as one more field of the file: a protobuf message may be continued by appending, and <c>metadata_props</c> (field 14 of
    /// <c>ModelProto</c>, onnx.proto) is a repeated one.
    /// </summary>
    private static byte[] Property(OptimizedModelKey key)
    {
        byte[] entry = [.. Field(1, Encoding.UTF8.GetBytes(KeyProperty)), .. Field(2, Encoding.UTF8.GetBytes(key.Text))];
        return [.. Field(14, entry)];
    }

    private static IEnumerable<byte> Field(int number, byte[] content)
    {
        const int lengthDelimited = 2;
        yield return (byte)((number << 3) | lengthDelimited);
        var length = (uint)content.Length;
        for (; length >= 0x80; length >>= 7)
        {
            yield return (byte)(length | 0x80);
        }

        yield return (byte)length;
        foreach (var value in content)
        {
            yield return value;
        }
    }
}
