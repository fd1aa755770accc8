using Nanodet.Detection.Filtering;
using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>
/// The stable codes of failures that come from storage and from the way through the app. Those of the image itself are
/// <see cref="ImageErrorCodes"/>; all are explained in docs/results.md.
/// </summary>
public static class FailureCodes
{
    /// <summary>There is no such blob any more.</summary>
    public const string BlobNotFound = "blob_not_found";

    /// <summary>The blob was overwritten after the image was queued.</summary>
    public const string BlobChanged = "blob_changed";

    /// <summary>The blob lies in the archive tier and cannot be read.</summary>
    public const string BlobArchived = "blob_archived";

    /// <summary>Storage refuses this blob, and gives others of its container.</summary>
    public const string BlobRefused = "blob_refused";

    /// <summary>The blob's name leads to no blob that this app or storage can address.</summary>
    public const string NameUnusable = "name_unusable";

    /// <summary>The message about the image cannot be read.</summary>
    public const string MessageInvalid = "message_invalid";

    /// <summary>The model that was asked for is not published, or this worker serves no other than the current one.</summary>
    public const string ModelNotServed = "model_not_served";

    /// <summary>The model that was asked for is published and cannot be loaded.</summary>
    public const string ModelNotUsable = "model_not_usable";

    /// <summary>The request names a class that the model does not have.</summary>
    public const string ClassUnknown = FilterErrorCodes.UnknownClass;

    /// <summary>The image's message failed as often as the queue allows.</summary>
    public const string Poison = "poison";

    /// <summary>The model could not run on this image, and did on others at the same time.</summary>
    public const string InferenceFailed = "inference_failed";

    /// <summary>The worker's process ended each time it was at this image and at nothing else.</summary>
    public const string WorkerCrashed = "worker_crashed";

    /// <summary>All codes.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        BlobNotFound, BlobChanged, BlobArchived, BlobRefused, NameUnusable, MessageInvalid, ModelNotServed, ModelNotUsable, ClassUnknown,
        Poison, InferenceFailed, WorkerCrashed,
    ];

    /// <summary>The codes of failures that another try may mend; with every other code, the same content fails again.</summary>
    public static IReadOnlyList<string> Retryable { get; } = [.. All.Where(code => !IsOfContent(code))];

    /// <summary>
    /// Whether a failure says something about the content, so that the same request would only fail again: its record has an identity.
    /// True for the image's own codes and for <see cref="WorkerCrashed"/>.
    /// </summary>
    internal static bool IsOfContent(string code) => code == WorkerCrashed || !All.Contains(code);
}
