using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Instance ids and blob names of batches. Pure, so that orchestrators may use it.</summary>
public static class BatchNames
{
    /// <summary>What the name of a finished batch ends with, after its id.</summary>
    internal const string StagingSuffix = ".ndjson";

    /// <summary>What the names of lists start with.</summary>
    internal const string ListFolder = "lists/";

    /// <summary>What the name of a list ends with, after its batch's id.</summary>
    internal const string ListSuffix = ".ndjson";

    /// <summary>What the names of finished batches start with whose images came one by one.</summary>
    internal const string StagingFolder = "batches/";

    /// <summary>What the names of everything of a job start with, before its id.</summary>
    internal const string JobsFolder = "jobs/";

    /// <summary>The instance id of a batch's orchestration: <c>batch-</c> and the batch id.</summary>
    public static string InstanceId(string batchId) => $"batch-{batchId}";

    /// <summary>The batch id of a part of a job's page.</summary>
    public static string JobBatchId(string jobId, int page, int offset) => $"{jobId}-{page}-{offset}";

    /// <summary>Where a batch's list lies when its images came one by one, in container <c>staging</c>.</summary>
    public static string List(string batchId) => ListFolder + batchId + ListSuffix;

    /// <summary>Where a page's list lies, in container <c>staging</c>.</summary>
    public static string PageList(string jobId, int page) => $"jobs/{jobId}/pages/{page}.ndjson";

    /// <summary>Where a finished batch lies until it is written, in container <c>staging</c>.</summary>
    public static string Staging(BatchReference batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return (batch.JobId is null ? StagingFolder : JobStaging(batch.JobId)) + batch.BatchId + StagingSuffix;
    }

    /// <summary>The job whose finished batch lies in a blob; null when its images came one by one.</summary>
    /// <param name="staging">See <see cref="Staging"/>.</param>
    public static string? FindJob(string staging)
    {
        ArgumentNullException.ThrowIfNull(staging);
        return staging.Split('/') is ["jobs", { } job, "batches", _] ? job : null;
    }

    /// <summary>Where the mark of a begun batch lies, in container <c>staging</c>.</summary>
    internal static string Begun(BatchReference batch) => BegunFolder(batch) + batch.BatchId + ".json";

    /// <summary>What the names of a batch's mark, and of the marks of those that came the same way, start with.</summary>
    internal static string BegunFolder(BatchReference batch) => batch.JobId is null ? "begun/" : $"jobs/{batch.JobId}/begun/";

    /// <summary>What the names of a job's finished batches start with, in container <c>staging</c>.</summary>
    internal static string JobStaging(string jobId) => $"jobs/{jobId}/batches/";
}
