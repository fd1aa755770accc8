using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Registry;

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
    private const string ConfigName = "model.yml";
    private const string ConfigContentType = "application/yaml";
    private const string OnnxContentType = "application/octet-stream";
    private const string Sha256Key = "sha256";

    // A foreign model has no name of its own; its version tells it from others.
    private const string ForeignName = "foreign";

    /// <summary>The pointer that stands now, or null where no model was published.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PipelineException">The pointer is no pointer.</exception>
    public async Task<ModelPointer?> FindCurrentAsync(CancellationToken cancellationToken) =>
        (await ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Pointer;

    /// <summary>Publishes a model.</summary>
    /// <param name="onnx">The ONNX file.</param>
    /// <param name="config">The NanoDet config of a foreign model, as UTF-8 YAML; null for a model that describes itself.</param>
    /// <param name="version">Its version; null for the first 12 digits of its SHA-256.</param>
    /// <param name="cancellationToken">Gives up; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now.</returns>
    /// <exception cref="ModelLoadException">The model is none, or does not reproduce its parity fixture.</exception>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster; <see cref="PipelineErrorCodes.VersionTaken"/>.
    /// </exception>
    public async Task<ModelPointer> PublishAsync(byte[] onnx, byte[]? config, string? version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        var seen = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        var model = Verify(onnx, config, version);
        await StoreAsync(model, cancellationToken).ConfigureAwait(false);
        return await PromoteAsync(model, seen, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Publishes a model that was verified, if it is still wanted when the pointer is about to move.</summary>
    /// <param name="model">The model, see <see cref="Verify"/>.</param>
    /// <param name="isWanted">Asked after the pointer was read: what makes it false later moves the pointer, too, or comes later.</param>
    /// <param name="cancellationToken">Gives up; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now; null when the model is not wanted any more.</returns>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster; <see cref="PipelineErrorCodes.VersionTaken"/>.
    /// </exception>
    public async Task<ModelPointer?> PublishAsync(
        VerifiedModel model, Func<CancellationToken, Task<bool>> isWanted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(isWanted);
        var seen = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        await StoreAsync(model, cancellationToken).ConfigureAwait(false);
        return await isWanted(cancellationToken).ConfigureAwait(false)
            ? await PromoteAsync(model, seen, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Loads a model as a worker would, on the CPU, and replays its parity fixture.</summary>
    /// <param name="onnx">The ONNX file.</param>
    /// <param name="config">The NanoDet config of a foreign model, as UTF-8 YAML; null for a model that describes itself.</param>
    /// <param name="version">Its version; null for the first 12 digits of its SHA-256.</param>
    /// <exception cref="ModelLoadException">The model is none, does not reproduce its parity fixture, or detects nothing.</exception>
    public static VerifiedModel Verify(byte[] onnx, byte[]? config, string? version)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        using var loaded = NanodetModel.Load(
            onnx,
            new ModelOptions { Provider = ExecutionProvider.Cpu, Version = version },
            () => config is null ? null : ForeignModelConfig.Read(Encoding.UTF8.GetString(config), ForeignName, ConfigName));

        // A model whose output cannot be read as detections is refused here, and not by the workers.
        _ = new Detector(loaded);
        var parity = ParityFixture.Verify(loaded);
        parity.EnsurePassed();
        var name = loaded.Description.Name;
        var pointer = new ModelPointer(name, loaded.Version, loaded.Sha256, $"{name}/{loaded.Version}/{OnnxName}");
        return BlobNames.FindProblem(pointer.Blob) is null && pointer.Blob.Count(character => character is '/' or '\\') == 2
            ? new VerifiedModel(onnx, config, pointer, parity)
            : throw ModelLoadException.Contract(
                $"Expected a name and a version without slashes that are not '.' or '..', found '{name}' and '{loaded.Version}'.");
    }

    /// <summary>Lists the models that were published, the latest first.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<PublishedModel>> ListAsync(CancellationToken cancellationToken)
    {
        var current = await FindCurrentAsync(cancellationToken).ConfigureAwait(false);
        return await ModelCatalog.ListAsync(Container, current?.Blob, cancellationToken).ConfigureAwait(false);
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

        var config = await FindConfigAsync($"{id}/{ConfigName}", cancellationToken).ConfigureAwait(false);
        var pointer = Verify(onnx, config, id[(id.LastIndexOf('/') + 1)..]).Pointer with { Previous = current?.Id };
        await MovePointerAsync(pointer, etag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }

    private async Task StoreAsync(VerifiedModel model, CancellationToken cancellationToken)
    {
        await StoreAsync(model.Pointer.Blob, model.Onnx, model.Pointer.Sha256, OnnxContentType, cancellationToken).ConfigureAwait(false);
        if (model.Config is { } config)
        {
            await StoreAsync(ConfigOf(model.Pointer), config, Hash(config), ConfigContentType, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ModelPointer> PromoteAsync(
        VerifiedModel model, (ModelPointer? Pointer, ETag? ETag) seen, CancellationToken cancellationToken)
    {
        var current = seen.Pointer;
        var pointer = model.Pointer with { Previous = current?.Id == model.Pointer.Id ? current.Previous : current?.Id };
        await MovePointerAsync(pointer, seen.ETag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }

    /// <summary>Stores a version once: the same bytes again are no news, other bytes under its name are refused.</summary>
    private async Task StoreAsync(string name, byte[] content, string sha256, string contentType, CancellationToken cancellationToken)
    {
        var blob = Container.GetBlobClient(name);
        try
        {
            await blob.UploadAsync(
                BinaryData.FromBytes(content),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
                    Metadata = new Dictionary<string, string> { [Sha256Key] = sha256 },
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            var stored = await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            if (Hash(stored.Value.Content) != sha256)
            {
                throw new PipelineException(
                    PipelineErrorCodes.VersionTaken,
                    $"'{name}': expected no other content under this version, found some; a version is published once. Choose another.",
                    exception);
            }
        }
    }

    private async Task<(ModelPointer? Pointer, ETag? ETag)> ReadPointerAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await Pointer().DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return (MessageReader.Read(answer.Value.Content.ToMemory(), RegistryJson.Default.ModelPointer), answer.Value.Details.ETag);
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
                BinaryData.FromObjectAsJson(pointer, RegistryJson.Default.Options),
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

    private async Task<byte[]?> FindConfigAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await Container.GetBlobClient(name).DownloadContentAsync(cancellationToken).ConfigureAwait(false)).Value.Content.ToArray();
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private static string ConfigOf(ModelPointer pointer) => Path.ChangeExtension(pointer.Blob, Path.GetExtension(ConfigName));

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private BlobContainerClient Container => clients.Blobs.GetBlobContainerClient(storage.Value.Models);

    private BlobClient Pointer() => Container.GetBlobClient(model.Value.Pointer);
}
