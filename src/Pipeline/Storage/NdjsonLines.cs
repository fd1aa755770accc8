using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Blobs with one JSON document on each line.</summary>
internal static class NdjsonLines
{
    internal const string ContentType = "application/x-ndjson";

    private const byte LineFeed = (byte)'\n';

    /// <summary>One line for each item, each with its line feed.</summary>
    internal static ReadOnlyMemory<byte> Serialize<T>(IEnumerable<T> items, JsonTypeInfo<T> type)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(buffer);
        foreach (var item in items)
        {
            JsonSerializer.Serialize(writer, item, type);
            writer.Flush();
            writer.Reset();
            buffer.GetSpan(1)[0] = LineFeed;
            buffer.Advance(1);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Writes a blob that is not there yet.</summary>
    /// <returns>False when it is there already; it is left as it is.</returns>
    internal static async Task<bool> TryCreateAsync(
        BlobClient blob,
        ReadOnlyMemory<byte> content,
        IDictionary<string, string>? metadata,
        CancellationToken cancellationToken)
    {
        try
        {
            await blob.UploadAsync(
                BinaryData.FromBytes(content),
                new BlobUploadOptions
                {
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                    HttpHeaders = new BlobHttpHeaders { ContentType = ContentType },
                    Metadata = metadata,
                },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.BlobAlreadyExists || exception.Status == 412)
        {
            return false;
        }
    }

    /// <summary>Reads some lines; of the blob no more is held than the line at hand.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">Lines to pass over.</param>
    /// <param name="count">The most lines to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RequestFailedException">404, for example.</exception>
    internal static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        BlobClient blob,
        long offset,
        long count,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult download =
            await blob.DownloadStreamingAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var reader = System.IO.Pipelines.PipeReader.Create(download.Content);
        try
        {
            for (var end = offset + count; end > 0;)
            {
                var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var rest = read.Buffer;
                while (end > 0 && TryTake(ref rest, read.IsCompleted, out var line))
                {
                    end--;
                    if (offset > 0)
                    {
                        offset--;
                        continue;
                    }

                    yield return line.ToArray();
                }

                reader.AdvanceTo(rest.Start, rest.End);
                if (read.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static bool TryTake(ref ReadOnlySequence<byte> rest, bool isCompleted, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf(LineFeed) is { } end)
        {
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            return true;
        }

        // The last line may lack its line feed.
        line = rest;
        rest = isCompleted ? rest.Slice(rest.End) : rest;
        return isCompleted && !line.IsEmpty;
    }
}
