using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Grouping;

/// <summary>Groups images by job and options. Pure: the same images give the same batches, in whatever order they come.</summary>
public static class BatchFormer
{
    /// <summary>Forms batches.</summary>
    /// <param name="images">Any number; repetitions are dropped.</param>
    /// <param name="maxSize">At least 1.</param>
    public static IReadOnlyList<FormedBatch> Form(IEnumerable<ImageMessage> images, int maxSize)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSize, 1);
        return
        [
            .. images
                .GroupBy(image => (image.JobId, image.Options))
                .OrderBy(group => group.Key.JobId, StringComparer.Ordinal)
                .ThenBy(group => OptionsText(group.Key.Options), StringComparer.Ordinal)
                .SelectMany(group => group
                    .OrderBy(image => image.Container, StringComparer.Ordinal)
                    .ThenBy(image => image.Name, StringComparer.Ordinal)
                    .ThenBy(image => image.Etag, StringComparer.Ordinal)
                    .ThenBy(image => image.Stamp, StringComparer.Ordinal)
                    .DistinctBy(image => (image.Container, image.Name, image.Etag))
                    .Chunk(maxSize))
                .Select(chunk => new FormedBatch(ComputeId(chunk), chunk)),
        ];
    }

    private static string OptionsText(DetectionRequestOptions? options) =>
        options is null ? string.Empty : JsonSerializer.Serialize(options, MessageJson.Default.DetectionRequestOptions);

    /// <summary>What makes it the same request, and nothing else: not the length, not the trace context.</summary>
    private static string ComputeId(ImageMessage[] images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var image in images)
        {
            string?[] parts =
                [image.Container, image.Name, image.Etag, image.Stamp, image.JobId, OptionsText(image.Options)];
            foreach (var part in parts)
            {
                var bytes = Encoding.UTF8.GetBytes(part ?? string.Empty);
                hash.AppendData(BitConverter.GetBytes(part is null ? -1 : bytes.Length));
                hash.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
