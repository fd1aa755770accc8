using Azure;
using Azure.Storage.Blobs;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Images that somebody asks for by name.</summary>
internal static class ImageNames
{
    /// <summary>The blob of an image.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="names">Names of containers.</param>
    /// <param name="container">The image's container; null for the app's own.</param>
    /// <param name="name">The image's name.</param>
    /// <exception cref="PipelineException">It is in no container of images, or its name leads nowhere.</exception>
    internal static BlobClient Require(StorageClients clients, StorageOptions names, string? container, string name)
    {
        container ??= names.Images;
        if (!names.IsImageContainer(container))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, $"container: expected a container of images, found '{BlobNames.Show(container)}'.");
        }

        return BlobNames.FindProblem(container, name) is { } problem
            ? throw new PipelineException(FailureCodes.NameUnusable, $"name: {problem}.")
            : clients.Image(container, name);
    }

    /// <summary>Refuses an ETag that can be none.</summary>
    /// <param name="etag">The content that is meant, without quotes; null for any.</param>
    /// <exception cref="PipelineException">It can be none.</exception>
    internal static void RequireEtag(string? etag)
    {
        if (BlobNames.FindEtagProblem(etag) is { } problem)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, $"etag: {problem}.");
        }
    }

    /// <summary>What storage's answer says about an image: it is gone (404), or has other content than was meant (412).</summary>
    /// <param name="exception">The answer, 404 or 412.</param>
    /// <param name="blob">The image.</param>
    /// <param name="etag">The content that was meant.</param>
    internal static PipelineException NotThere(RequestFailedException exception, BlobClient blob, string? etag) => exception.Status == 404
        ? new PipelineException(FailureCodes.BlobNotFound, $"Expected the image '{BlobNames.Show(blob.Name)}', found none.", exception)
        : new PipelineException(
            FailureCodes.BlobChanged,
            $"Expected the content {etag} of '{BlobNames.Show(blob.Name)}', found that it was overwritten.",
            exception);
}
