using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>One image on its way through the worker.</summary>
internal sealed class BatchImage(ImageMessage message)
{
    internal ImageMessage Message { get; } = message;

    /// <summary>ETag of the content that is detected.</summary>
    internal string? Etag { get; set; } = message.Etag;

    /// <summary>Length of the content, in bytes.</summary>
    internal long? Bytes { get; set; } = message.Bytes;

    /// <summary>When the content was written; null until storage has said so.</summary>
    internal DateTimeOffset? Modified { get; set; }

    /// <summary>The image and its content, as marks of begun batches name them: what kills one process kills the next.</summary>
    internal string Subject => $"{Message.Container}/{Message.Name} {Etag}";

    /// <summary>The container and the name of an image, from its <see cref="Subject"/>.</summary>
    internal static string NameOf(string subject) => subject[..subject.LastIndexOf(' ')];

    internal string? Identity { get; set; }

    /// <summary>The identity is claimed in the register.</summary>
    internal bool IsClaimed { get; set; }

    /// <summary>The encoded image; only between download and detection.</summary>
    internal ReadOnlyMemory<byte> Content { get; set; }

    internal StagedImage? Outcome { get; private set; }

    internal ImageReference ToReference() => new(Message.Container, Message.Name, Etag, Bytes ?? 0);

    /// <param name="waiting">The staging blob in which the result waits; null when it is written, or comes with this batch.</param>
    internal void Skip(string? waiting = null) => Outcome = Stage(result: null) with { Waiting = waiting };

    internal void Finish(DetectionResult result) => Outcome = Stage(result);

    /// <summary>A failure on the way says nothing about the content: it has no identity, so that the next request looks again.</summary>
    private StagedImage Stage(DetectionResult? result) => new()
    {
        Container = Message.Container,
        Name = Message.Name,
        Identity = result?.Error is { } error && !FailureCodes.IsOfContent(error.Code) ? null : Identity,
        Result = result,
        Modified = Modified,
    };
}
