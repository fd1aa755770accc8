using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Tests.Jobs;

/// <summary>A job for tests: 10 images a page, 4 a batch, 2 pages at a time.</summary>
internal static class SomeJob
{
    public const string Id = "20300101-000000-a";

    public static Waits Waits { get; } = new(
        TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(60), 7, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));

    public static JobDefinition Definition { get; } = new()
    {
        JobId = Id,
        Container = "images",
        Prefix = "cam1/",
        ErrorThreshold = ErrorThreshold.Never,
        PageSize = 10,
        PagesInFlight = 2,
        BatchSize = 4,
        CreatedUtc = new DateTimeOffset(2029, 12, 31, 23, 59, 0, TimeSpan.Zero),
        Traceparent = "00-a-b-01",
    };

    public static JobProgress NoProgress { get; } = new() { StartedUtc = Definition.CreatedUtc };

    /// <summary>The input of a job.</summary>
    public static JobRun Run(JobDefinition job, int pagesPerGeneration = 16) => new(job, Waits, pagesPerGeneration, NoProgress);

    /// <summary>A page of a folder.</summary>
    /// <param name="page">From 0.</param>
    /// <param name="last">The folder's last page.</param>
    /// <param name="count">Images on it.</param>
    /// <param name="filtered">Blobs that were left out.</param>
    public static JobPage Page(int page, int last, int count = 10, int filtered = 0) => new(
        Id, page, $"jobs/{Id}/pages/{page}.ndjson", count, filtered, page == last ? null : $"after {page}", $"{Id}/results.ndjson");
}
