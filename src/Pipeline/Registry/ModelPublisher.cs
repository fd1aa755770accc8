using Azure;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>
/// Makes a model the current one: verified first, stored under its name and version, and only then pointed to, on the condition that
/// nobody moved the pointer meanwhile. A model that fails changes nothing.
/// </summary>
/// <param name="registry">Where models lie.</param>
public sealed class ModelPublisher(ModelRegistry registry)
{
    /// <summary>The pointer that stands now, or null where no model was published.</summary>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    /// <exception cref="PipelineException">The pointer is no pointer.</exception>
    public async Task<ModelPointer?> FindCurrentAsync(CancellationToken cancellationToken) =>
        (await registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Pointer;

    /// <summary>Publishes a model.</summary>
    /// <param name="onnx">The ONNX file.</param>
    /// <param name="config">The NanoDet config of a foreign model, as UTF-8 YAML; null for a model that describes itself.</param>
    /// <param name="version">Its version; null for the first 12 digits of its SHA-256.</param>
    /// <param name="cancellationToken">Ends the wait for storage; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now.</returns>
    /// <exception cref="ModelLoadException">It is no NanoDet model, or does not reproduce its parity fixture.</exception>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster; <see cref="PipelineErrorCodes.VersionTaken"/>.
    /// </exception>
    public async Task<ModelPointer> PublishAsync(byte[] onnx, byte[]? config, string? version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        var seen = await registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        return await PublishAsync(new VerifiedModelSet(VerifiedModel.Verify(onnx, config, version)), seen, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Publishes a model in all its forms: they are there together, or none of them is current.</summary>
    /// <param name="set">The forms.</param>
    /// <param name="cancellationToken">Ends the wait for storage; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now.</returns>
    /// <exception cref="ModelLoadException">Its name or version cannot be part of a blob's name.</exception>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster; <see cref="PipelineErrorCodes.VersionTaken"/>.
    /// </exception>
    public async Task<ModelPointer> PublishAsync(VerifiedModelSet set, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(set);
        var seen = await registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        return await PublishAsync(set, seen, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ModelPointer> PublishAsync(
        VerifiedModelSet set, (ModelPointer? Pointer, ETag? ETag) seen, CancellationToken cancellationToken)
    {
        var pointer = ModelRegistry.PointerTo(set);
        await registry.StoreAsync(pointer, set, cancellationToken).ConfigureAwait(false);
        return await PromoteAsync(pointer, seen, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Publishes a model that was verified, if it is still wanted when the pointer is about to move.</summary>
    /// <param name="set">The model, in all its forms.</param>
    /// <param name="isWanted">Asked after the pointer was read: what makes it false later moves the pointer, too, or comes later.</param>
    /// <param name="cancellationToken">Ends the wait for storage; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now; null when the model is not wanted any more.</returns>
    /// <exception cref="ModelLoadException">Its name or version cannot be part of a blob's name.</exception>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.PointerMoved"/>: another publisher was faster; <see cref="PipelineErrorCodes.VersionTaken"/>.
    /// </exception>
    public async Task<ModelPointer?> PublishAsync(
        VerifiedModelSet set, Func<CancellationToken, Task<bool>> isWanted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(isWanted);
        var pointer = ModelRegistry.PointerTo(set);
        var seen = await registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        await registry.StoreAsync(pointer, set, cancellationToken).ConfigureAwait(false);
        return await isWanted(cancellationToken).ConfigureAwait(false)
            ? await PromoteAsync(pointer, seen, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Lists the models that were published, the latest first.</summary>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    public async Task<IReadOnlyList<PublishedModel>> ListAsync(CancellationToken cancellationToken)
    {
        var current = await FindCurrentAsync(cancellationToken).ConfigureAwait(false);
        return await registry.ListAsync(current?.Blob, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Points back to a model that was published before; it is verified again first, in all its forms.</summary>
    /// <param name="id">The model as <c>name/version</c>, or null for the one that was current before.</param>
    /// <param name="cancellationToken">Ends the wait for storage; the pointer has moved or has not.</param>
    /// <returns>The pointer that stands now.</returns>
    /// <exception cref="PipelineException">There is no such model, or another publisher moved the pointer meanwhile.</exception>
    /// <exception cref="ModelLoadException">The model does not serve any more.</exception>
    public async Task<ModelPointer> RollbackAsync(string? id, CancellationToken cancellationToken)
    {
        var (current, etag) = await registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        id ??= current?.Previous ?? throw new PipelineException(
            PipelineErrorCodes.ModelNotPublished,
            $"'{registry.PointerName}': expected a model that was current before, found none; name one.");
        var blob = ModelRegistry.BlobOf(id);
        var onnx = await ReadAsync(blob, cancellationToken).ConfigureAwait(false);
        var config = await registry.FindConfigAsync(blob, cancellationToken).ConfigureAwait(false);
        var version = id[(id.LastIndexOf('/') + 1)..];
        var model = VerifiedModel.Verify(onnx, config?.Content.ToArray(), version);
        var set = await registry.FindManifestAsync(blob, cancellationToken).ConfigureAwait(false) is { } manifest
            ? await VerifyFormsAsync(blob, model, manifest, version, cancellationToken).ConfigureAwait(false)
            : new VerifiedModelSet(model);
        var pointer = ModelRegistry.PointerTo(set) with { Previous = current?.Id };
        await registry.MovePointerAsync(pointer, etag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }

    private async Task<VerifiedModelSet> VerifyFormsAsync(
        string blob, VerifiedModel primary, FormManifest manifest, string version, CancellationToken cancellationToken)
    {
        manifest.EnsureBelongsTo(primary.Sha256, $"'{FormManifest.NameOf(blob)}' in container '{registry.ContainerName}'");
        var models = new Dictionary<ModelForm, VerifiedModel> { [ModelForm.CpuFloat32] = primary };
        foreach (var entry in manifest.Forms.Where(entry => entry.Form != ModelForm.CpuFloat32))
        {
            var name = FormManifest.FileOf(blob, entry.Form);
            var model = VerifiedModel.Verify(await ReadAsync(name, cancellationToken).ConfigureAwait(false), version: version);
            models.Add(entry.Form, model.Sha256 == entry.Sha256
                ? model
                : throw ModelFetcher.Corrupt($"blob '{name}' in container '{registry.ContainerName}'", entry.Sha256, model.Sha256));
        }

        return new VerifiedModelSet(models, version);
    }

    private async Task<byte[]> ReadAsync(string blob, CancellationToken cancellationToken)
    {
        using var download = await registry.OpenAsync(blob, cancellationToken).ConfigureAwait(false) ?? throw new PipelineException(
            PipelineErrorCodes.ModelNotPublished, $"Expected '{blob}' in container '{registry.ContainerName}', found none.");
        return (await BinaryData.FromStreamAsync(download.Content, cancellationToken).ConfigureAwait(false)).ToArray();
    }

    private async Task<ModelPointer> PromoteAsync(
        ModelPointer model, (ModelPointer? Pointer, ETag? ETag) seen, CancellationToken cancellationToken)
    {
        var current = seen.Pointer;
        var pointer = model with { Previous = current?.Id == model.Id ? current.Previous : current?.Id };
        await registry.MovePointerAsync(pointer, seen.ETag, cancellationToken).ConfigureAwait(false);
        return pointer;
    }
}
