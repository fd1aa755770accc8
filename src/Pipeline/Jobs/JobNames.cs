using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Names in container <c>jobs</c>.</summary>
internal static class JobNames
{
    /// <summary>The most blocks that a block blob may have; a block holds at least one image.</summary>
    private const int MaxBlocks = 50_000;

    internal static string Request(string jobId) => $"{jobId}/request.json";

    /// <summary>Which job an idempotency key stands for. No job has such an id, so no list of jobs shows it.</summary>
    internal static string Key(string key) =>
        $"_keys/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16))}.json";

    internal static string Manifest(string jobId) => $"{jobId}/manifest.json";

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
