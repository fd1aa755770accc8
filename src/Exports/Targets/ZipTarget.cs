using System.IO.Compression;

namespace Nanodet.Serverless.Exports.Targets;

/// <summary>A ZIP archive that is written as a stream. For formats of one small file for each image: one file is open at a time.</summary>
public sealed class ZipTarget : IExportTarget
{
    // The same results give the same bytes, whenever they are exported.
    private static readonly DateTimeOffset Written = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _archive;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Begins an archive.</summary>
    /// <param name="stream">Where it goes; it stays open, and need not be able to seek.</param>
    public ZipTarget(Stream stream) => _archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);

    /// <inheritdoc/>
    public Task<Stream> CreateAsync(string name, CancellationToken cancellationToken)
    {
        _names.Add(name);
        return Begin(name).OpenAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!_names.Add(name))
        {
            return false;
        }

        var entry = await Begin(name).OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (entry.ConfigureAwait(false))
        {
            await entry.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(CancellationToken cancellationToken) => await _archive.DisposeAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _archive.DisposeAsync();

    private ZipArchiveEntry Begin(string name)
    {
        var entry = _archive.CreateEntry(name, CompressionLevel.Fastest);
        entry.LastWriteTime = Written;
        return entry;
    }
}
