using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Images that somebody asks for by name: which blob it is, and its bytes.</summary>
public static class ImageNames
{
    /// <summary>Reads an image, unless it is too long.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="names">Names of containers.</param>
    /// <param name="container">The image's container; null for the app's own.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">The content that is meant, without quotes; null for whatever is there.</param>
    /// <param name="limit">At most so many bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">
    /// There can be no such image, there is none, it has other content than was meant, or it is longer.
    /// </exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        StorageClients clients,
        StorageOptions names,
        string? container,
        string name,
        string? etag,
        long limit,
        CancellationToken cancellationToken)
    {
        var blob = Require(clients, names, container, name);
        RequireEtag(etag);
        try
        {
            return await ReadAsync(blob, etag, limit, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            throw NotThere(exception, blob, etag);
        }
    }

    /// <summary>Reads a blob; its length is known before its bytes come.</summary>
    internal static async Task<ReadOnlyMemory<byte>> ReadAsync(
        BlobClient blob, string? etag, long limit, CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult download = await blob.DownloadStreamingAsync(
            new BlobDownloadOptions { Conditions = Only(etag) }, cancellationToken).ConfigureAwait(false);
        if (download.Details.ContentLength > limit)
        {
            throw new PipelineException(
                ImageErrorCodes.TooLarge, $"Expected at most {limit} bytes, found {download.Details.ContentLength}.");
        }

        var image = await BinaryData.FromStreamAsync(download.Content, cancellationToken).ConfigureAwait(false);
        return image.ToMemory();
    }

    /// <summary>The condition that a blob has a content; none for any content.</summary>
    /// <param name="etag">The content, without quotes; null for any.</param>
    internal static BlobRequestConditions? Only(string? etag) =>
        etag is null ? null : new BlobRequestConditions { IfMatch = new ETag($"\"{etag}\"") };

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
