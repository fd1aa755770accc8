namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A list of images that is kept for jobs.</summary>
/// <param name="List">Its blob in the container of jobs, as <see cref="JobRequest.List"/> takes it.</param>
/// <param name="Names">How many names are in it.</param>
/// <param name="Bytes">Its length, in bytes.</param>
public sealed record StoredList(string List, long Names, long Bytes);
