using Nanodet.Detection.Detectors;
using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>The model that a request means.</summary>
/// <param name="Sha256">SHA-256 of the model; empty where there is an error.</param>
internal sealed record SelectedModel(string Sha256)
{
    /// <summary>The published model, where it is another one than the warm one.</summary>
    internal PublishedModel? Other { get; init; }

    /// <summary>Why the request cannot be served.</summary>
    internal DetectionError? Error { get; init; }
}
