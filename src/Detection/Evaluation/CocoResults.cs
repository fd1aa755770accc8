using System.Text.Json;

namespace Nanodet.Detection.Evaluation;

/// <summary>Detections as COCO's results: an array of <c>image_id</c>, <c>category_id</c>, <c>bbox</c> and <c>score</c>.</summary>
public static class CocoResults
{
    /// <summary>Writes detections.</summary>
    /// <param name="stream">Receives UTF-8 JSON.</param>
    /// <param name="images">The images' ids and detections.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task WriteAsync(
        Stream stream,
        IEnumerable<(long ImageId, IReadOnlyList<CocoDetection> Detections)> images,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var writer = new Utf8JsonWriter(stream);
        await using (writer.ConfigureAwait(false))
        {
            writer.WriteStartArray();
            foreach (var (id, detections) in images)
            {
                foreach (var found in detections)
                {
                    Write(writer, id, found);
                }

                await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            writer.WriteEndArray();
        }
    }

    /// <summary>Reads detections.</summary>
    /// <param name="stream">UTF-8 JSON.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The detections of each image, in the order of the file.</returns>
    /// <exception cref="EvaluationException"><c>invalid_detections</c>: the file is none of that format.</exception>
    public static async Task<ILookup<long, CocoDetection>> ReadAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        try
        {
            var found = new List<(long ImageId, CocoDetection Detection)>();
            var items = JsonSerializer.DeserializeAsyncEnumerable(stream, CocoJson.Default.CocoFileResult, cancellationToken);
            await foreach (var item in items.ConfigureAwait(false))
            {
                found.Add(item is { Bbox: [var x, var y, var width, var height] }
                    ? (item.ImageId, new CocoDetection(item.CategoryId, item.Score, new CocoBox(x, y, width, height)))
                    : throw new JsonException("expected a bbox [x, y, width, height]"));
            }

            return found.ToLookup(item => item.ImageId, item => item.Detection);
        }
        catch (JsonException exception)
        {
            throw new EvaluationException(
                "invalid_detections",
                $"Expected COCO results, an array of image_id, category_id, bbox and score: {exception.Message}",
                exception);
        }
    }

    private static void Write(Utf8JsonWriter writer, long id, CocoDetection found)
    {
        writer.WriteStartObject();
        writer.WriteNumber("image_id", id);
        writer.WriteNumber("category_id", found.CategoryId);
        writer.WriteStartArray("bbox");
        writer.WriteNumberValue(found.Box.X);
        writer.WriteNumberValue(found.Box.Y);
        writer.WriteNumberValue(found.Box.Width);
        writer.WriteNumberValue(found.Box.Height);
        writer.WriteEndArray();
        writer.WriteNumber("score", found.Score);
        writer.WriteEndObject();
    }
}
