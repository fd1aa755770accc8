using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>
/// Makes a model the current one: verified first, stored under its name and version, and only then pointed to, on the condition that
/// nobody moved the pointer meanwhile. A model that fails changes nothing.
/// </summary>
/// <param name="clients">The account.</param>
/// <param name="storage">Name of the container.</param>
/// <param name="model">Name of the pointer.</param>
public sealed class ModelPublisher(StorageClients clients, IOptions<StorageOptions> storage, IOptions<WarmModelOptions> model)
{
    private const string OnnxName = "model.onnx";
    private const string OnnxContentType = "application/octet-stream";
    private const string Sha256Key = "sha256";

    /// <summary>The pointer that stands now, or null where no model was published.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PipelineException">The pointer is no pointer.</exception>
    public async Task<ModelPointer?> FindCurrentAsync(CancellationToken cancellationToken) =>
        (await ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Pointer;

    /// <summary>Publishes a model.</summary>
    /// <param name="onnx">The ONNX file.</param>
    /// <param name="version">Its version; null for the first 12 digits of its SHA-256.</param>
    /// <param name="cancellationToken">Gives up; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now.</returns>
    /// <exception cref="ModelLoadException">The model is none, or does not reproduce its parity fixture.</exception>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster; <see cref="PipelineErrorCodes.VersionTaken"/>.
    /// </exception>
    public async Task<ModelPointer> PublishAsync(byte[] onnx, string? version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        var (current, etag) = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        var pointer = Verify(onnx, version);
        await StoreAsync(pointer, onnx, cancellationToken).ConfigureAwait(false);
        pointer = pointer with { Previous = current?.Id == pointer.Id ? current.Previous : current?.Id };
        await MovePointerAsync(pointer, etag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }

    /// <summary>Lists the models that were published, the latest first.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<PublishedModel>> ListAsync(CancellationToken cancellationToken)
    {
        var current = await FindCurrentAsync(cancellationToken).ConfigureAwait(false);
        var models = new List<PublishedModel>();
        await foreach (var blob in Container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix: null, cancellationToken).ConfigureAwait(false))
        {
            if (blob.Name.Split('/') is [var name, var version, OnnxName])
            {
                models.Add(new PublishedModel(
                    name,
                    version,
                    blob.Metadata.TryGetValue(Sha256Key, out var sha256) ? sha256 : null,
                    blob.Properties.ContentLength ?? 0,
                    blob.Properties.CreatedOn ?? default,
                    blob.Name == current?.Blob));
            }
        }

        return [.. models.OrderByDescending(published => published.PublishedUtc)];
    }

    /// <summary>Points back to a model that was published before; it is verified again first.</summary>
    /// <param name="id">The model as <c>name/version</c>, or null for the one that was current before.</param>
    /// <param name="cancellationToken">Gives up; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now.</returns>
    /// <exception cref="PipelineException">There is no such model, or another publisher moved the pointer meanwhile.</exception>
    /// <exception cref="ModelLoadException">The model does not serve any more.</exception>
    public async Task<ModelPointer> RollbackAsync(string? id, CancellationToken cancellationToken)
    {
        var (current, etag) = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        id ??= current?.Previous ?? throw new PipelineException(
            PipelineErrorCodes.ModelNotPublished, $"'{model.Value.Pointer}': expected a model that was current before, found none; name one.");
        byte[] onnx;
        try
        {
            onnx = (await Container.GetBlobClient($"{id}/{OnnxName}").DownloadContentAsync(cancellationToken).ConfigureAwait(false)).Value.Content.ToArray();
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw new PipelineException(
                PipelineErrorCodes.ModelNotPublished, $"Expected '{id}/{OnnxName}' in container '{storage.Value.Models}', found none.", exception);
        }

        var pointer = Verify(onnx, id[(id.LastIndexOf('/') + 1)..]) with { Previous = current?.Id };
        await MovePointerAsync(pointer, etag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }

    private static ModelPointer Verify(byte[] onnx, string? version)
    {
        using var loaded = NanodetModel.Load(onnx, new ModelOptions { Provider = ExecutionProvider.Cpu, Version = version });
        ParityFixture.Verify(loaded).EnsurePassed();
        var name = loaded.Description.Name;
        return new ModelPointer(name, loaded.Version, loaded.Sha256, $"{name}/{loaded.Version}/{OnnxName}");
    }

    /// <summary>Stores a version once: the same bytes again are no news, other bytes under its name are refused.</summary>
    private async Task StoreAsync(ModelPointer pointer, byte[] onnx, CancellationToken cancellationToken)
    {
        var blob = Container.GetBlobClient(pointer.Blob);
        try
        {
            await blob.UploadAsync(
                BinaryData.FromBytes(onnx),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = OnnxContentType },
                    Metadata = new Dictionary<string, string> { [Sha256Key] = pointer.Sha256 },
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            var stored = await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            if (Convert.ToHexStringLower(SHA256.HashData(stored.Value.Content)) != pointer.Sha256)
            {
                throw new PipelineException(
                    PipelineErrorCodes.VersionTaken,
                    $"'{pointer.Blob}': expected no other model under this version, found one; a version is published once. Choose another.",
                    exception);
            }
        }
    }

    private async Task<(ModelPointer? Pointer, ETag? ETag)> ReadPointerAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await Pointer().DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return (MessageReader.Read(answer.Value.Content.ToMemory(), PipelineJson.Default.ModelPointer), answer.Value.Details.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return (null, null);
        }
    }

    private async Task MovePointerAsync(ModelPointer pointer, ETag? seen, CancellationToken cancellationToken)
    {
        try
        {
            await Pointer().UploadAsync(
                BinaryData.FromObjectAsJson(pointer, PipelineJson.Default.Options),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                    Conditions = seen is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            throw new PipelineException(
                PipelineErrorCodes.PointerMoved,
                $"'{model.Value.Pointer}': expected the pointer as it was read, found that another publisher moved it; look at the current model and publish again.",
                exception);
        }
    }

    private BlobContainerClient Container => clients.Blobs.GetBlobContainerClient(storage.Value.Models);

    private BlobClient Pointer() => Container.GetBlobClient(model.Value.Pointer);
}
