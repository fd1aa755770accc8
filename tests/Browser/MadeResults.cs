using System.Globalization;
using System.Runtime.CompilerServices;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Results that are made as they are asked for, without any storage; every image is the same small picture.</summary>
/// <param name="count">How many there are.</param>
/// <param name="make">Makes one, as JSON.</param>
/// <param name="jobId">The job that they are of, or null.</param>
internal sealed class MadeResults(int count, Func<int, byte[]> make, string? jobId = null) : IViewedResults
{
    private static readonly string[] Classes = ["person", "bicycle", "car", "motorcycle", "bus", "truck", "dog", "chair"];

    public string Title => jobId is null ? $"{count} results" : $"Job {jobId}";

    public string? JobId => jobId;

    public Uri? ImageOrigin => null;

    public bool IsContentKnown => true;

    /// <summary>The results of a job.</summary>
    public static MadeResults OfJob(string jobId, DetectionResult[] results) => new(results.Length, i => results[i].ToUtf8Json(), jobId);

    /// <summary>Results with up to nine detections each.</summary>
    /// <param name="count">How many.</param>
    /// <param name="failedEach">Every so many one has failed; 0 for none.</param>
    /// <param name="seed">Another one gives other detections.</param>
    public static MadeResults Many(int count, int failedEach = 0, int seed = 0) =>
        new(count, i => failedEach > 0 && i % failedEach == 0 ? MakeFailed(i) : Make(i, seed));

    public Task<ResultPage?> ReadAsync(ResultQuery query, CancellationToken cancellationToken)
    {
        var at = query.Continuation is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var items = Enumerable.Range(at, Math.Min(query.Limit, count - at)).Select(i => (ReadOnlyMemory<byte>)make(i)).ToArray();
        at += items.Length;
        return Task.FromResult<ResultPage?>(
            new ResultPage(items, at < count ? at.ToString(CultureInfo.InvariantCulture) : null, count));
    }

    public async IAsyncEnumerable<DetectionResult> ReadAllAsync(
        ResultQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield break;
    }

    public Task<ImageLink?> LinkAsync(string? container, string name, string? etag, CancellationToken cancellationToken) =>
        Task.FromResult<ImageLink?>(null);

    public Task<ReadOnlyMemory<byte>?> FindImageAsync(
        string? container, string name, string? etag, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(ViewerTests.Pictures("x", 1).Single().Bytes);

    private static byte[] MakeFailed(int index) => System.Text.Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":1,"status":"failed","image":{"container":"images","name":"camera-{{index % 9}}/2026-01/{{index:D7}}.jpg","etag":"0x8DE{{index:X8}}","bytes":163759},"error":{"code":"image_corrupt","message":"Expected an image, found none."},"attempts":1,"jobId":null,"createdUtc":"2026-01-31T12:00:00Z"}""");

    private static byte[] Make(int index, int seed)
    {
        var random = new Random(index + (seed * 1_000_000));
        var detections = Enumerable.Range(0, random.Next(10)).Select(_ =>
        {
            var cls = random.Next(Classes.Length);
            return string.Create(
                CultureInfo.InvariantCulture,
                $$$"""{"classId":{{{cls}}},"className":"{{{Classes[cls]}}}","score":{{{random.NextDouble():0.0000}}},"box":{"x":{{{random.Next(400)}}},"y":{{{random.Next(300)}}},"width":{{{20 + random.Next(200)}}},"height":{{{20 + random.Next(150)}}}}}""");
        });
        return System.Text.Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":1,"status":"detected","image":{"container":"images","name":"camera-{{index % 9}}/2026-01/{{index:D7}}.jpg","etag":"0x8DE{{index:X8}}","bytes":163759,"width":640,"height":480},"model":{"name":"nanodet-plus-m_416","version":"3f9a1c0b77de","sha256":"{{new string('a', 64)}}","inputWidth":416,"inputHeight":416},"options":{"scoreThreshold":0.05,"iouThreshold":0.6,"maxDetections":100},"detections":[{{string.Join(',', detections)}}],"provider":"CPU","batchSize":8,"timings":{"decodeMs":2.1,"preprocessMs":0.6,"inferenceMs":9.8,"postprocessMs":0.2},"jobId":null,"createdUtc":"2026-01-31T12:00:00Z"}""");
    }
}
