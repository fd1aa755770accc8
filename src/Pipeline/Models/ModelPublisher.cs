using Azure;
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
    private const string OnnxContentType = "application/octet-stream";

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
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster.</exception>
    public async Task<ModelPointer> PublishAsync(byte[] onnx, string? version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        var (_, etag) = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        var pointer = Verify(onnx, version);
        var container = clients.Blobs.GetBlobContainerClient(storage.Value.Models);
        var blob = container.GetBlobClient(pointer.Blob);
        if (!await HasContentAsync(blob, pointer.Sha256, cancellationToken).ConfigureAwait(false))
        {
            await blob.UploadAsync(
                BinaryData.FromBytes(onnx),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = OnnxContentType },
                    Metadata = new Dictionary<string, string> { ["sha256"] = pointer.Sha256 },
                },
                cancellationToken).ConfigureAwait(false);
        }

        await MovePointerAsync(pointer, etag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }

    private static ModelPointer Verify(byte[] onnx, string? version)
    {
        using var loaded = NanodetModel.Load(onnx, new ModelOptions { Provider = ExecutionProvider.Cpu, Version = version });
        ParityFixture.Verify(loaded).EnsurePassed();
        var name = loaded.Description.Name;
        return new ModelPointer(name, loaded.Version, loaded.Sha256, $"{name}/{loaded.Version}/model.onnx");
    }

    private static async Task<bool> HasContentAsync(Azure.Storage.Blobs.BlobClient blob, string sha256, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return properties.Value.Metadata.TryGetValue("sha256", out var stored) && stored == sha256;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return false;
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

    private Azure.Storage.Blobs.BlobClient Pointer() =>
        clients.Blobs.GetBlobContainerClient(storage.Value.Models).GetBlobClient(model.Value.Pointer);
}
