namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Which page to list: the input of the activity <c>ListImages</c>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Page">From 0.</param>
/// <param name="Token">The page before's <see cref="JobPage.NextToken"/>; null for the first page.</param>
public sealed record JobPageRequest(JobDefinition Job, int Page, string? Token);
