namespace Nanodet.Serverless.Exports.Writers;

/// <summary>A part of an export that comes later in a file than it is known. It waits on disk, not in memory.</summary>
internal sealed class SpoolFile : IAsyncDisposable
{
    private FileStream? _stream;

    /// <summary>What the part is written to.</summary>
    internal Stream Stream => _stream ??= new FileStream(
        Path.Combine(Path.GetTempPath(), $"nanodet-export-{Guid.NewGuid():n}.tmp"),
        FileMode.CreateNew,
        FileAccess.ReadWrite,
        FileShare.None,
        bufferSize: 1 << 16,
        FileOptions.DeleteOnClose);

    /// <summary>The part, from its beginning; nothing is written to it any more.</summary>
    internal async Task<Stream> RewindAsync(CancellationToken cancellationToken)
    {
        await Stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        Stream.Position = 0;
        return Stream;
    }

    /// <summary>Puts the part where it belongs.</summary>
    internal async Task CopyToAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (_stream is { } spool)
        {
            await spool.FlushAsync(cancellationToken).ConfigureAwait(false);
            spool.Position = 0;
            await spool.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stream is { } spool)
        {
            _stream = null;
            await spool.DisposeAsync().ConfigureAwait(false);
        }
    }
}
