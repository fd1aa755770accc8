using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>
/// Blobs under a prefix. Blocks are staged while they are written and committed when everything is, so that a blob is there whole or as
/// it was before. For exports of few files: each small file is a blob, too.
/// </summary>
/// <param name="container">The container.</param>
/// <param name="prefix">What each name begins with.</param>
internal sealed class BlobTarget(BlobContainerClient container, string prefix) : IExportTarget
{
    private readonly List<BlockStream> _pending = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task<Stream> CreateAsync(string name, CancellationToken cancellationToken)
    {
        _names.Add(name);
        var stream = new BlockStream(container.GetBlockBlobClient(prefix + name));
        _pending.Add(stream);
        return Task.FromResult<Stream>(stream);
    }

    /// <inheritdoc/>
    public async ValueTask<LeftOutReason?> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!_names.Add(name))
        {
            return LeftOutReason.NameTaken;
        }

        await container.GetBlobClient(prefix + name)
            .UploadAsync(BinaryData.FromBytes(content), overwrite: true, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var stream in _pending)
        {
            await stream.CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        _pending.Clear();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // Storage drops blocks that nobody commits.
        _pending.Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>Stages what is written, block by block.</summary>
    private sealed class BlockStream(BlockBlobClient blob) : Stream
    {
        private const int BlockBytes = 4 << 20;

        private readonly List<string> _blocks = [];
        private readonly MemoryStream _block = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        // Some writers know no other way. What they write is kept until an asynchronous call, or the end, passes it on.
        public override void Write(ReadOnlySpan<byte> buffer) => _block.Write(buffer);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _block.Write(buffer.Span);
            if (_block.Length >= BlockBytes)
            {
                await StageAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) =>
            _block.Length >= BlockBytes ? StageAsync(cancellationToken) : Task.CompletedTask;

        public async Task CommitAsync(CancellationToken cancellationToken)
        {
            if (_block.Length > 0)
            {
                await StageAsync(cancellationToken).ConfigureAwait(false);
            }

            await blob.CommitBlockListAsync(_blocks, new CommitBlockListOptions(), cancellationToken).ConfigureAwait(false);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private async Task StageAsync(CancellationToken cancellationToken)
        {
            // Ids have one length; a run of its own has ids of its own, so that two that overlap do not mix.
            var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
            _block.Position = 0;
            await blob.StageBlockAsync(id, _block, cancellationToken: cancellationToken).ConfigureAwait(false);
            _blocks.Add(id);
            _block.SetLength(0);
        }
    }
}
