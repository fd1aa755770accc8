using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>
/// Where models lie in container <c>models</c>, and how they come there: the pointer, <c>NAME/VERSION/model.onnx</c>, and beside it the
/// config of a foreign model, or further forms (<c>model.cpu-int8.onnx</c>) with their list, <c>model.forms.json</c>. Nothing else spells
/// these names.
/// </summary>
/// <param name="clients">The account.</param>
/// <param name="options">Name of the pointer.</param>
public sealed class ModelRegistry(StorageClients clients, IOptions<WarmModelOptions> options)
{
    private const string OnnxName = "model.onnx";
    private const string OnnxContentType = "application/octet-stream";
    private const string ConfigContentType = "application/yaml";
    private const string JsonContentType = "application/json";
    private const string Sha256Key = "sha256";
    private const string PrecisionKey = "precision";
    private const int MaxPointerBytes = 64 << 10;
    private const int MaxConfigBytes = 1 << 20;

    private static readonly string[] ConfigEndings = [".yml", ".yaml"];

    private BlobContainerClient Container => clients.Models;

    /// <summary>Name of the container, for messages.</summary>
    internal string ContainerName => Container.Name;

    /// <summary>Name of the pointer, for messages.</summary>
    internal string PointerName => options.Value.Pointer;

    /// <summary>The ONNX blob of a model.</summary>
    /// <param name="id">The model as <c>name/version</c>.</param>
    internal static string BlobOf(string id) => $"{id}/{OnnxName}";

    /// <summary>Where a model would lie.</summary>
    /// <exception cref="Detection.Description.ModelLoadException">Its name or version cannot be part of a blob's name.</exception>
    internal static ModelPointer PointerTo(VerifiedModelSet set)
    {
        var model = set.Primary;
        var pointer = new ModelPointer(model.Name, set.Version, model.Sha256, BlobOf($"{model.Name}/{set.Version}"));
        return BlobNames.FindProblem(pointer.Blob) is null && pointer.Blob.Count(character => character is '/' or '\\') == 2
            ? pointer
            : throw Detection.Description.ModelLoadException.Contract(
                $"Expected a name and a version without slashes that are not '.' or '..', found '{model.Name}' and '{set.Version}'.");
    }

    /// <summary>The pointer that stands now, and its ETag; null and null where no model was published.</summary>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    /// <exception cref="PipelineException">What lies there is no pointer.</exception>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    internal async Task<(ModelPointer? Pointer, ETag? ETag)> ReadPointerAsync(CancellationToken cancellationToken) =>
        await DownloadAsync(PointerName, MaxPointerBytes, cancellationToken).ConfigureAwait(false) is var (content, etag)
            ? (MessageReader.Read(content.ToMemory(), RegistryJson.Default.ModelPointer), etag)
            : (null, null);

    /// <summary>Moves the pointer, if it is still the one that was read.</summary>
    /// <param name="pointer">The new one.</param>
    /// <param name="seen">ETag of the one that was read; null where there was none.</param>
    /// <param name="cancellationToken">Ends the wait for storage; the pointer has moved or has not.</param>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.PointerMoved"/>.</exception>
    internal async Task MovePointerAsync(ModelPointer pointer, ETag? seen, CancellationToken cancellationToken)
    {
        try
        {
            await Container.GetBlobClient(PointerName).UploadAsync(
                BinaryData.FromObjectAsJson(pointer, RegistryJson.Default.Options),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = JsonContentType },
                    Conditions = seen is { } etag
                        ? new BlobRequestConditions { IfMatch = etag }
                        : new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            throw new PipelineException(
                PipelineErrorCodes.PointerMoved,
                $"'{PointerName}': expected the pointer as it was read, found that another publisher moved it; "
                + "look at the current model and publish again.",
                exception);
        }
    }

    /// <summary>Every published model, the latest first.</summary>
    /// <param name="currentBlob">The blob that the pointer names; null where that does not matter.</param>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    internal async Task<IReadOnlyList<PublishedModel>> ListAsync(string? currentBlob, CancellationToken cancellationToken)
    {
        var models = new List<PublishedModel>();
        var forms = new Dictionary<string, List<ModelForm>>(StringComparer.Ordinal);
        await foreach (var blob in Container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix: null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (blob.Name.Split('/') is [var name, var version, OnnxName])
            {
                models.Add(new PublishedModel(
                    name,
                    version,
                    blob.Metadata.TryGetValue(Sha256Key, out var sha256) ? sha256 : null,
                    blob.Properties.ContentLength ?? 0,
                    blob.Properties.CreatedOn ?? default,
                    blob.Name == currentBlob)
                {
                    Precision = blob.Metadata.TryGetValue(PrecisionKey, out var precision) ? precision : null,
                });
            }
            else if (FindForm(blob.Name) is var (id, form))
            {
                (forms.TryGetValue(id, out var others) ? others : forms[id] = [ModelForm.CpuFloat32]).Add(form);
            }
        }

        return
        [
            .. models
                .Select(model => forms.TryGetValue(model.Id, out var names)
                    ? model with { Forms = [.. names.Order().Select(FormNames.Of)] }
                    : model)
                .OrderByDescending(published => published.PublishedUtc),
        ];
    }

    /// <summary>The model and the form that a blob is; null for another blob.</summary>
    private static (string Id, ModelForm Form)? FindForm(string blob)
    {
        if (blob.Split('/') is not [var name, var version, var file])
        {
            return null;
        }

        var id = $"{name}/{version}";
        foreach (var form in Enum.GetValues<ModelForm>())
        {
            if (form != ModelForm.CpuFloat32 && file == FormManifest.FileOf(OnnxName, form))
            {
                return (id, form);
            }
        }

        return null;
    }

    /// <summary>
    /// Stores a version once: the same forms again change nothing, other ones under its name are refused. The list of forms comes first and
    /// the model's own file last, so that a version that is there is whole, and one that was left half done is finished by the next try.
    /// </summary>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.VersionTaken"/>.</exception>
    internal async Task StoreAsync(ModelPointer pointer, VerifiedModelSet set, CancellationToken cancellationToken)
    {
        await StoreManifestAsync(pointer, set.Manifest?.ToUtf8Json(), cancellationToken).ConfigureAwait(false);
        foreach (var (form, model) in set.Others)
        {
            var name = FormManifest.FileOf(pointer.Blob, form);
            await StoreAsync(name, model.Onnx, model.Sha256, OnnxContentType, cancellationToken).ConfigureAwait(false);
        }

        if (set.Primary.Config is { } config)
        {
            await StoreAsync(
                Path.ChangeExtension(pointer.Blob, ConfigEndings[0]),
                config,
                Convert.ToHexStringLower(SHA256.HashData(config.Span)),
                ConfigContentType,
                cancellationToken).ConfigureAwait(false);
        }

        await StoreAsync(
            pointer.Blob,
            set.Primary.Onnx,
            pointer.Sha256,
            OnnxContentType,
            cancellationToken,
            (PrecisionKey, FormNames.Of(set.Primary.Description.Precision))).ConfigureAwait(false);
    }

    /// <summary>The list of a model's forms; null for a model of one file.</summary>
    /// <param name="blob">Name of the ONNX blob.</param>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    /// <exception cref="PipelineException">It is too large.</exception>
    /// <exception cref="Detection.Description.ModelLoadException">It is no such list.</exception>
    internal async Task<FormManifest?> FindManifestAsync(string blob, CancellationToken cancellationToken)
    {
        var name = FormManifest.NameOf(blob);
        return await DownloadAsync(name, FormManifest.MaxBytes, cancellationToken).ConfigureAwait(false) is var (content, _)
            ? FormManifest.Parse(content.ToMemory().Span, $"'{name}' in container '{ContainerName}'")
            : null;
    }

    /// <summary>A version that is there keeps its forms: it gets none later, and loses none.</summary>
    private async Task StoreManifestAsync(ModelPointer pointer, byte[]? manifest, CancellationToken cancellationToken)
    {
        var name = FormManifest.NameOf(pointer.Blob);
        var there = await DownloadAsync(name, FormManifest.MaxBytes, cancellationToken).ConfigureAwait(false) is not null;
        if (there != manifest is not null
            && (there || await Container.GetBlobClient(pointer.Blob).ExistsAsync(cancellationToken).ConfigureAwait(false)))
        {
            throw Taken(name, there ? "a list of several forms" : "a version of one form", innerException: null);
        }

        if (manifest is not null)
        {
            await StoreAsync(
                name, manifest, Convert.ToHexStringLower(SHA256.HashData(manifest)), JsonContentType, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Begins to download a model; null where there is none.</summary>
    /// <param name="blob">Name of the ONNX blob.</param>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    internal async Task<BlobDownloadStreamingResult?> OpenAsync(string blob, CancellationToken cancellationToken)
    {
        try
        {
            return await Container.GetBlobClient(blob).DownloadStreamingAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>The config beside a foreign model, with its ending; null where there is none.</summary>
    /// <param name="blob">Name of the ONNX blob.</param>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    /// <exception cref="PipelineException">It is too large.</exception>
    internal async Task<(string Ending, BinaryData Content)?> FindConfigAsync(string blob, CancellationToken cancellationToken)
    {
        foreach (var ending in ConfigEndings)
        {
            if (await DownloadAsync(Path.ChangeExtension(blob, ending), MaxConfigBytes, cancellationToken)
                .ConfigureAwait(false) is var (content, _))
            {
                return (ending, content);
            }
        }

        return null;
    }

    private async Task StoreAsync(
        string name,
        ReadOnlyMemory<byte> content,
        string sha256,
        string contentType,
        CancellationToken cancellationToken,
        params (string Key, string Value)[] more)
    {
        var blob = Container.GetBlobClient(name);
        try
        {
            await blob.UploadAsync(
                BinaryData.FromBytes(content),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
                    Metadata = more.Prepend((Sha256Key, sha256)).ToDictionary(),
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            var stored = await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            if (Convert.ToHexStringLower(SHA256.HashData(stored.Value.Content)) != sha256)
            {
                throw Taken(name, "other content", exception);
            }
        }
    }

    private PipelineException Taken(string name, string found, Exception? innerException) => new(
        PipelineErrorCodes.VersionTaken,
        $"'{name}' in container '{ContainerName}': expected that this version is new or has the same content, found {found}. "
        + "A version is published once: choose another version.",
        innerException);

    /// <summary>A small blob with its ETag; null where there is none.</summary>
    private async Task<(BinaryData Content, ETag ETag)?> DownloadAsync(string name, int maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            using BlobDownloadStreamingResult download = await Container.GetBlobClient(name)
                .DownloadStreamingAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return download.Details.ContentLength <= maxBytes
                ? (await BinaryData.FromStreamAsync(download.Content, cancellationToken).ConfigureAwait(false), download.Details.ETag)
                : throw new PipelineException(
                    PipelineErrorCodes.InvalidMessage,
                    $"'{name}' in container '{ContainerName}': expected at most {maxBytes} bytes, found {download.Details.ContentLength}.");
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }
}
