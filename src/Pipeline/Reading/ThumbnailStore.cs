using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>
/// Small pictures of images, made when they are first asked for and kept in container <c>staging</c>. A few are made at the same time, so
/// that they take little memory.
/// </summary>
/// <param name="clients">The account.</param>
/// <param name="names">Names of containers.</param>
/// <param name="options">How large an image may be.</param>
public sealed class ThumbnailStore(StorageClients clients, IOptions<StorageOptions> names, IOptions<DetectorOptions> options)
    : IDisposable
{
    /// <summary>The media type of a thumbnail.</summary>
    public const string ContentType = "image/jpeg";

    /// <summary>The sides that there are, in pixels: for a grid, and for a picture that a browser cannot show itself.</summary>
    public static IReadOnlyList<int> Sides { get; } = [256, 1600];

    private readonly SemaphoreSlim _places = new(2);

    /// <summary>A thumbnail of an image.</summary>
    /// <param name="container">The image's container; null for the app's own.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">The content that is meant, without quotes; null for what is there now.</param>
    /// <param name="side">One of <see cref="Sides"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bytes of a JPEG.</returns>
    /// <exception cref="PipelineException">There is no such image, or not with this content.</exception>
    /// <exception cref="ImageException">It cannot be decoded.</exception>
    public async Task<ReadOnlyMemory<byte>> GetAsync(
        string? container, string name, string? etag, int side, CancellationToken cancellationToken)
    {
        var blob = ImageNames.Require(clients, names.Value, container, name);
        if (!Sides.Contains(side))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, $"size: expected {string.Join(" or ", Sides)}, found {side}.");
        }

        ImageNames.RequireEtag(etag);
        try
        {
            etag ??= BlobNames.Etag((await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
                .Value.ETag.ToString());
            var kept = clients.Staging.GetBlobClient(NameOf(blob, etag!, side));
            return await FindAsync(kept, cancellationToken).ConfigureAwait(false)
                ?? await MakeAsync(blob, etag!, side, kept, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            throw ImageNames.NotThere(exception, blob, etag);
        }
    }

    /// <summary>Frees the semaphore.</summary>
    public void Dispose() => _places.Dispose();

    /// <summary>Where a thumbnail lies. The content is part of it, so that it never has to be looked after.</summary>
    private static string NameOf(BlobClient blob, string etag, int side)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{blob.BlobContainerName}\n{blob.Name}\n{etag}\n{side}\n");
        return $"thumbnails/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}.jpg";
    }

    private static async Task<ReadOnlyMemory<byte>?> FindAsync(BlobClient kept, CancellationToken cancellationToken)
    {
        try
        {
            return (await kept.DownloadContentAsync(cancellationToken).ConfigureAwait(false)).Value.Content.ToMemory();
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private async Task<ReadOnlyMemory<byte>> MakeAsync(
        BlobClient blob, string etag, int side, BlobClient kept, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> thumbnail;
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var limits = options.Value.Limits;
            var image = await ImageNames.ReadAsync(blob, etag, limits.MaxBytes, cancellationToken).ConfigureAwait(false);
            thumbnail = Thumbnail.Create(image.Span, side, limits).Jpeg;
        }
        finally
        {
            _places.Release();
        }

        await kept.UploadAsync(
            BinaryData.FromBytes(thumbnail),
            new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = ContentType } },
            cancellationToken).ConfigureAwait(false);
        return thumbnail;
    }
}
