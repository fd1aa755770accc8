namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Which part of a job to export: the input of the activity <c>WriteExports</c>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Part">The file of results, from 0.</param>
/// <param name="Results">Its name in container <c>jobs</c>.</param>
public sealed record JobExport(JobDefinition Job, int Part, string Results)
{
    /// <summary>The parts of a job: one for each file of results. Pure, so that an orchestrator may call it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="pages">Pages that were listed.</param>
    public static IReadOnlyList<JobExport> Split(JobDefinition job, int pages)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.Outputs is { Items.Count: > 0 }
            ? [.. JobNames.Results(job, pages).Index().Select(file => new JobExport(job, file.Index, file.Item))]
            : [];
    }
}
