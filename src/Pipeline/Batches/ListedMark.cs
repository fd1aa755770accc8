using Azure;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>What a listing says of the mark of a begun batch: enough to tell whether it has to be read.</summary>
/// <param name="Name">Name of its blob.</param>
/// <param name="Etag">ETag of its blob.</param>
/// <param name="Age">Time since it was renewed, by the clock of storage, in whole seconds.</param>
/// <param name="Process">See <see cref="BegunBatch.Process"/>; null in the mark of an earlier version.</param>
/// <param name="IsUnderWay">See <see cref="BegunBatch.IsUnderWay"/>; true where it is not known.</param>
/// <param name="IsAlone">See <see cref="BegunBatch.IsAlone"/>; true where it is not known.</param>
internal sealed record ListedMark(string Name, ETag Etag, TimeSpan Age, string? Process, bool IsUnderWay, bool IsAlone);
