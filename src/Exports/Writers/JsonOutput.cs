using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>A JSON document, or lines of them, that is written as a stream.</summary>
internal sealed class JsonOutput : IAsyncDisposable
{
    private const int FlushAt = 1 << 16;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly Stream _stream;

    internal JsonOutput(Stream stream)
    {
        _stream = stream;
        Json = new Utf8JsonWriter(stream, Options);
    }

    internal Utf8JsonWriter Json { get; }

    /// <summary>Passes on what was written once that is much.</summary>
    internal ValueTask RestAsync(CancellationToken cancellationToken) =>
        Json.BytesPending < FlushAt ? ValueTask.CompletedTask : new ValueTask(Json.FlushAsync(cancellationToken));

    /// <summary>Ends a line that holds one document.</summary>
    internal async ValueTask EndLineAsync(CancellationToken cancellationToken)
    {
        await Json.FlushAsync(cancellationToken).ConfigureAwait(false);
        Json.Reset();
        await _stream.WriteAsync("\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts a value here that was written elsewhere: what the writer has is passed on, and then the value.</summary>
    internal async Task CopyAsync(SpoolFile value, CancellationToken cancellationToken)
    {
        await Json.FlushAsync(cancellationToken).ConfigureAwait(false);
        await value.CopyToAsync(_stream, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Json.DisposeAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
    }
}
