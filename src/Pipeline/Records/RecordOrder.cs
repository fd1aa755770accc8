using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>
/// Which of two records of one image stays: docs/results.md, Which record stays. The order of contents comes first: a record about an
/// older content never replaces one about a newer. Pure.
/// </summary>
internal static class RecordOrder
{
    /// <summary>
    /// Both are about the same content. The later one wins, except that a failure on the way gives way to whatever is said about the
    /// content, and that no crash replaces detections.
    /// </summary>
    /// <param name="result">The record that wants to be written.</param>
    /// <param name="record">The one that is there.</param>
    internal static bool ReplacesSameContent(DetectionResult result, ResultRecord record)
    {
        if (result.Error is not { } error || !FailureCodes.All.Contains(error.Code))
        {
            return true;
        }

        return record.Status == DetectionStatus.Failed
            && (record.Identity is null || (FailureCodes.IsOfContent(error.Code) && record.Error == error.Code));
    }

    /// <summary>
    /// They are about different contents. What the blob holds now is newer than everything else; among the others their times decide, and
    /// where those are not known, or the same second, what is there stays.
    /// </summary>
    /// <param name="result">The record that wants to be written; not about content that is known to be overwritten.</param>
    /// <param name="modified">When its content was written, or null.</param>
    /// <param name="record">The one that is there.</param>
    /// <param name="present">The ETag of what the blob holds now; null when it is gone.</param>
    internal static bool ReplacesOtherContent(
        DetectionResult result, DateTimeOffset? modified, ResultRecord record, string? present)
    {
        if (present is null)
        {
            return ReplacesWhereBlobIsGone(result, modified, record);
        }

        return result.Image.Etag == present || (record.ImageEtag != present && IsNewer(modified, record));
    }

    /// <summary>Detections stay when their blob is deleted; every other record gives way to saying so.</summary>
    private static bool ReplacesWhereBlobIsGone(DetectionResult result, DateTimeOffset? modified, ResultRecord record)
    {
        if (result.Error?.Code == FailureCodes.BlobNotFound)
        {
            return record.Status == DetectionStatus.Failed;
        }

        return record.Error == FailureCodes.BlobNotFound ? result.Error is null : IsNewer(modified, record);
    }

    private static bool IsNewer(DateTimeOffset? modified, ResultRecord record) =>
        modified is { } mine && record.ImageModified is { } its && mine > its;
}
