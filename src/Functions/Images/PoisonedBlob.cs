using System.Text.Json;
using System.Text.Json.Serialization;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>The message that the blob trigger leaves about a blob it gave up.</summary>
/// <param name="ContainerName">The container.</param>
/// <param name="BlobName">The blob.</param>
/// <param name="ETag">Its ETag at that time, with quotes.</param>
internal sealed record PoisonedBlob(
    [property: JsonRequired] string ContainerName, [property: JsonRequired] string BlobName, string? ETag)
{
    /// <exception cref="JsonException">It is no such message.</exception>
    public static PoisonedBlob Read(byte[] body) =>
        JsonSerializer.Deserialize(MessageBody.Decode(body).Span, ImagesJson.Default.PoisonedBlob)
        ?? throw new JsonException("Expected a blob, found null.");
}
