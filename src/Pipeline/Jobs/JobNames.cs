using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nanodet.Serverless.Exports;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Names in container <c>jobs</c>.</summary>
internal static class JobNames
{
    /// <summary>The most blocks that a block blob may have; a block holds at least one image.</summary>
    internal const int MaxBlocks = 50_000;

    /// <summary>Where lists of images lie that requests name. No job has such an id, so no list of jobs shows it.</summary>
    internal const string Lists = "_lists/";

    /// <summary>The list of these names: the same names are the same list.</summary>
    internal static string List(ReadOnlySpan<byte> content) => $"{Lists}{Convert.ToHexStringLower(SHA256.HashData(content))}.ndjson";

    internal static string Request(string jobId) => $"{jobId}/request.json";

    /// <summary>Which job an idempotency key stands for. No job has such an id, so no list of jobs shows it.</summary>
    internal static string Key(string key) =>
        $"_keys/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16))}.json";

    internal static string Manifest(string jobId) => $"{jobId}/manifest.json";

    /// <summary>Every file of results of a job, in order.</summary>
    internal static IReadOnlyList<string> Results(JobDefinition job, int pages) =>
        [.. Enumerable.Range(0, Math.Max(1, pages)).Select(page => Results(job.JobId, page, job.PageSize)).Distinct()];

    /// <summary>A part of a job's results in a format: <c>exports/results.csv</c>, <c>exports/results-0001.csv</c>.</summary>
    internal static string Export(string jobId, ExportFormat format, int part)
    {
        var file = ExportFormats.FileNameOf(format);
        var (stem, ending) = ExportFormats.IsFolder(format)
            ? (file, ".zip")
            : (Path.GetFileNameWithoutExtension(file), Path.GetExtension(file));
        return string.Create(CultureInfo.InvariantCulture, $"{jobId}/exports/{stem}{(part == 0 ? "" : $"-{part:D4}")}{ending}");
    }

    /// <summary>
    /// The NDJSON that takes a page's results. As many pages share one as have blocks enough even if each image came in a batch of
    /// its own.
    /// </summary>
    internal static string Results(string jobId, int page, int pageSize)
    {
        var file = page / Math.Max(1, MaxBlocks / pageSize);
        return file == 0 ? $"{jobId}/results.ndjson" : string.Create(CultureInfo.InvariantCulture, $"{jobId}/results-{file:D4}.ndjson");
    }
}
