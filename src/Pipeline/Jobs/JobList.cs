using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>
/// A list of images that a job is about: a line is a name as it stands, a JSON text, or a JSON object with <c>name</c>. Empty lines are
/// skipped.
/// </summary>
internal static class JobList
{
    /// <summary>More cannot be a name, and is not kept: 1024 characters of four bytes, each written as an escape.</summary>
    private const int MaxLineBytes = 1 << 16;

    private const byte LineFeed = (byte)'\n';

    /// <summary>A list of these names.</summary>
    internal static ReadOnlyMemory<byte> Write(IEnumerable<string> names)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        foreach (var name in names)
        {
            json.WriteStringValue(name);
            json.Flush();
            json.Reset();
            buffer.Write([LineFeed]);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The name of a line; null for an empty one.</summary>
    internal static string? Parse(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd((byte)'\r');
        if (line.IsEmpty || line.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0)
        {
            return null;
        }

        if (line[0] is (byte)'"' or (byte)'{')
        {
            try
            {
                var reader = new Utf8JsonReader(line);
                using var document = JsonDocument.ParseValue(ref reader);
                var root = document.RootElement;
                var name = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("name", out var field) ? field : root;
                if (name.ValueKind == JsonValueKind.String)
                {
                    return name.GetString();
                }
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                // No JSON, or half of a surrogate pair: it is taken as it stands, and is a failure by that name unless a blob has it.
            }
        }

        return Encoding.UTF8.GetString(line);
    }

    /// <summary>Reads some names.</summary>
    /// <param name="blob">The list.</param>
    /// <param name="etag">What its ETag has to be; null for any.</param>
    /// <param name="start">Where the first of them begins, in bytes.</param>
    /// <param name="count">The most names to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The names, and where the next one begins; null behind the last.</returns>
    /// <exception cref="PipelineException">The list was overwritten or removed.</exception>
    internal static async Task<(IReadOnlyList<string> Names, long? Next)> ReadAsync(
        BlobClient blob, string? etag, long start, int count, CancellationToken cancellationToken)
    {
        var names = new List<string>(count);
        try
        {
            BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            var options = new BlobOpenReadOptions(allowModifications: false)
            {
                Position = start,
                BufferSize = 1 << 20,
                Conditions = etag is null ? null : new BlobRequestConditions { IfMatch = new ETag(etag) },
            };
            if (start >= properties.ContentLength)
            {
                return ([], null);
            }

            var stream = await blob.OpenReadAsync(options, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var reader = PipeReader.Create(stream);
                var next = await ReadAsync(reader, start, count, names, cancellationToken).ConfigureAwait(false);
                await reader.CompleteAsync().ConfigureAwait(false);
                return (names, next < properties.ContentLength ? next : null);
            }
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest,
                $"list: expected {blob.Name} as it was when the job was asked for, found it {(exception.Status == 404 ? "gone" : "overwritten")}.",
                exception);
        }
    }

    private static async Task<long> ReadAsync(
        PipeReader reader, long position, int count, List<string> names, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var rest = read.Buffer;
            while (names.Count < count && TryTake(ref rest, read.IsCompleted, out var line, out var length))
            {
                position += length;
                if (Parse(line.Slice(0, Math.Min(line.Length, MaxLineBytes)).ToArray()) is { } name)
                {
                    names.Add(name);
                }
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if (names.Count == count || read.IsCompleted)
            {
                return position;
            }
        }
    }

    private static bool TryTake(ref ReadOnlySequence<byte> rest, bool isCompleted, out ReadOnlySequence<byte> line, out long length)
    {
        if (rest.PositionOf(LineFeed) is { } end)
        {
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            length = line.Length + 1;
            return true;
        }

        // The last line may lack its line feed.
        line = rest;
        length = line.Length;
        rest = isCompleted ? rest.Slice(rest.End) : rest;
        return isCompleted && length > 0;
    }
}
