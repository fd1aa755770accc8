using Azure;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>The mark of a begun batch as it was read.</summary>
/// <param name="State">What it says.</param>
/// <param name="Etag">ETag of its blob: it changes whenever the mark is renewed.</param>
/// <param name="Age">Time since it was renewed, by the clock of storage, in whole seconds.</param>
internal sealed record BatchMark(BegunBatch State, ETag Etag, TimeSpan Age);
