using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>
/// Makes addresses from which a browser reads one image for a few minutes: signed with a user delegation key where storage is reached by
/// identity, and with the account's key where that is all there is (the emulator).
/// </summary>
/// <param name="clients">The account.</param>
/// <param name="names">Names of containers.</param>
/// <param name="time">The clock.</param>
public sealed class ImageLinks(StorageClients clients, IOptions<StorageOptions> names, TimeProvider time)
{
    /// <summary>How long an address is good for.</summary>
    internal static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    // Clocks differ; a key is asked for once in a while, not for each image.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(2);

    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".jpe"] = "image/jpeg",
        [".png"] = "image/png",
        [".bmp"] = "image/bmp",
        [".webp"] = "image/webp",
        [".gif"] = "image/gif",
        [".tif"] = "image/tiff",
        [".tiff"] = "image/tiff",
    };

    private UserDelegationKey? _key;

    /// <summary>The origin of the addresses, for a page's Content-Security-Policy.</summary>
    public Uri Origin => new(clients.Blobs.Uri.GetLeftPart(UriPartial.Authority));

    /// <summary>
    /// The media type under which an image is handed out: one of a picture, whatever its blob says, so that it is nothing else.
    /// </summary>
    /// <param name="name">The image's name.</param>
    public static string TypeOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var dot = name.LastIndexOf('.');
        return dot >= 0 && Types.TryGetValue(name[dot..], out var type) ? type : "application/octet-stream";
    }

    /// <summary>
    /// Makes an address. With an ETag, the image has this content now; without one, whether there is such an image shows when it is asked.
    /// </summary>
    /// <param name="container">The image's container; null for the app's own.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">The content that is meant, without quotes; null for whatever is there when the address is used.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">There can be no such image; or there is none, or not with this content.</exception>
    public async Task<ImageLink> CreateAsync(string? container, string name, string? etag, CancellationToken cancellationToken)
    {
        var blob = ImageNames.Require(clients, names.Value, container, name);
        ImageNames.RequireEtag(etag);
        if (etag is not null)
        {
            try
            {
                await blob.GetPropertiesAsync(ImageNames.Only(etag), cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException exception) when (exception.Status is 404 or 412)
            {
                throw ImageNames.NotThere(exception, blob, etag);
            }
        }

        var now = time.GetUtcNow();
        var builder = new BlobSasBuilder(BlobSasPermissions.Read, now + Life)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
            StartsOn = now - Skew,
            Protocol = blob.Uri.Scheme == Uri.UriSchemeHttps ? SasProtocol.Https : SasProtocol.HttpsAndHttp,
            ContentType = TypeOf(name),

            // In a page it is a picture all the same; opened by itself it is saved, and never shown as a page of the account.
            ContentDisposition = "attachment",
        };
        if (blob.CanGenerateSasUri)
        {
            return new ImageLink(blob.GenerateSasUri(builder), now + Life);
        }

        var key = await KeyAsync(now, cancellationToken).ConfigureAwait(false);
        var address = new BlobUriBuilder(blob.Uri) { Sas = builder.ToSasQueryParameters(key, clients.Blobs.AccountName) };
        return new ImageLink(address.ToUri(), now + Life);
    }

    private async Task<UserDelegationKey> KeyAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var key = Volatile.Read(ref _key);
        if (key is null || key.SignedExpiresOn < now + Life + Skew)
        {
            key = await clients.Blobs.GetUserDelegationKeyAsync(now - Skew, now + KeyLife, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _key, key);
        }

        return key;
    }
}
