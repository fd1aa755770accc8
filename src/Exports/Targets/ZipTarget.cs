using System.IO.Compression;

namespace Nanodet.Serverless.Exports.Targets;

/// <summary>
/// One ZIP archive in another target, written as a stream. For formats of one small file for each image: one file is open at a time.
/// </summary>
public sealed class ZipTarget : IExportTarget
{
    // The same results give the same bytes, whenever they are exported.
    private static readonly DateTimeOffset Written = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly IExportTarget _outer;
    private readonly string _archiveName;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private Stream? _stream;
    private ZipArchive? _archive;

    /// <summary>Names the archive.</summary>
    /// <param name="outer">Where the archive goes; it is completed and disposed of with this one.</param>
    /// <param name="archiveName">The archive's name there.</param>
    public ZipTarget(IExportTarget outer, string archiveName)
    {
        ArgumentNullException.ThrowIfNull(outer);
        _outer = outer;
        _archiveName = archiveName;
    }

    /// <inheritdoc/>
    public async Task<Stream> CreateAsync(string name, CancellationToken cancellationToken)
    {
        _names.Add(name);
        return await BeginAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<LeftOutReason?> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!_names.Add(name))
        {
            return LeftOutReason.NameTaken;
        }

        var entry = await BeginAsync(name, cancellationToken).ConfigureAwait(false);
        await using (entry.ConfigureAwait(false))
        {
            await entry.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await CloseAsync().ConfigureAwait(false);
        await _outer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await _outer.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<Stream> BeginAsync(string name, CancellationToken cancellationToken)
    {
        _stream ??= await _outer.CreateAsync(_archiveName, cancellationToken).ConfigureAwait(false);
        _archive ??= await ZipArchive.CreateAsync(
            _stream, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken).ConfigureAwait(false);
        var entry = _archive.CreateEntry(name, CompressionLevel.Fastest);
        entry.LastWriteTime = Written;
        return await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask CloseAsync()
    {
        if (_archive is { } archive)
        {
            _archive = null;
            await archive.DisposeAsync().ConfigureAwait(false);
        }

        if (_stream is { } stream)
        {
            _stream = null;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }
}
