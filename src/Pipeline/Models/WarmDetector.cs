using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Results;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Detects images with the warm model, and outlives a lost GPU and a GPU that is short of memory.</summary>
public sealed class WarmDetector
{
    /// <summary>Detects one image that lies in no storage: <c>POST /api/detect</c>.</summary>
    /// <param name="image">The bytes of an image file.</param>
    /// <param name="name">A name for the result.</param>
    /// <param name="options">How to detect; null for the app's settings.</param>
    /// <param name="limit">How long to wait for a model that is not ready.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The result, possibly a failure; null when the model is not ready.</returns>
    public Task<DetectionResult?> DetectAsync(
        ReadOnlyMemory<byte> image,
        string name,
        DetectionRequestOptions? options,
        TimeSpan limit,
        CancellationToken cancellationToken) => throw new NotImplementedException();
}
