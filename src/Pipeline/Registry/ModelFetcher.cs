using System.Security.Cryptography;
using Azure;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>
/// Fetches the model that the settings name: from storage, through a cache on disk, or from a file. There is no other source. It does
/// not retry: who keeps the model does.
/// </summary>
public sealed class ModelFetcher(ModelRegistry registry, IOptions<WarmModelOptions> options)
{
    private readonly WarmModelOptions _options = options.Value;

    private string Folder => _options.Folder;

    /// <summary>Fetches the model, with every form that the settings may come to ask for.</summary>
    /// <exception cref="ModelLoadException">
    /// It is missing or corrupt, does not have the precision that the settings ask for, or storage cannot be reached.
    /// </exception>
    internal Task<FetchedModel> FetchAsync(CancellationToken cancellationToken) => NameAsync(
        () => _options.Source switch
        {
            WarmModelSource.File => CheckFileAsync(_options.File!, cancellationToken),
            WarmModelSource.Blob => FetchWithFormsAsync(
                _options.Blob!,
                _options.Sha256?.ToLowerInvariant(),
                Path.GetFileNameWithoutExtension(_options.Blob!),
                version: null,
                cancellationToken),
            _ => FetchCurrentAsync(cancellationToken),
        },
        cancellationToken);

    /// <summary>
    /// Fetches a published model, current or not, without its other forms: what a request names has one identity on every worker, which is
    /// known before the model is loaded.
    /// </summary>
    /// <inheritdoc cref="FetchAsync(CancellationToken)"/>
    internal Task<FetchedModel> FetchAsync(PublishedModel model, CancellationToken cancellationToken) => NameAsync(
        () => FetchBlobAsync(
            ModelRegistry.BlobOf(model.Id), model.Sha256?.ToLowerInvariant(), model.Name, model.Version, cancellationToken),
        cancellationToken);

    /// <summary>Gives storage's faults their name.</summary>
    private async Task<FetchedModel> NameAsync(Func<Task<FetchedModel>> fetchAsync, CancellationToken cancellationToken)
    {
        try
        {
            return await fetchAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (StorageFailure.Is(exception, cancellationToken))
        {
            throw new ModelLoadException(
                ModelErrorCodes.StorageUnavailable,
                $"Container '{registry.ContainerName}' cannot be read. {StorageFailure.Explain(exception) ?? exception.Message}",
                exception);
        }
    }

    /// <summary>The <see cref="ModelPointer.Key"/> of what the pointer names now; null where no pointer is followed.</summary>
    /// <exception cref="ModelLoadException">There is no pointer any more, or it is none.</exception>
    /// <exception cref="RequestFailedException">Storage cannot be reached.</exception>
    internal async Task<string?> FindPointedAsync(CancellationToken cancellationToken) => _options.Source == WarmModelSource.Pointer
        ? (await ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Key
        : null;

    private async Task<FetchedModel> FetchCurrentAsync(CancellationToken cancellationToken)
    {
        var pointer = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        var fetched = await FetchWithFormsAsync(
            pointer.Blob, pointer.Sha256.ToLowerInvariant(), pointer.Name, pointer.Version, cancellationToken).ConfigureAwait(false);
        return fetched with { Pointed = pointer.Key };
    }

    private async Task<FetchedModel> FetchWithFormsAsync(
        string blob, string? sha256, string name, string? version, CancellationToken cancellationToken)
    {
        var fetched = await FetchBlobAsync(blob, sha256, name, version, cancellationToken).ConfigureAwait(false);
        if (await FindManifestAsync(blob, cancellationToken).ConfigureAwait(false) is not { } manifest)
        {
            return fetched;
        }

        manifest.EnsureBelongsTo(fetched.Sha256, $"'{FormManifest.NameOf(blob)}' in container '{registry.ContainerName}'");
        var paths = new Dictionary<ModelForm, string> { [ModelForm.CpuFloat32] = fetched.Path };
        foreach (var form in Needed(manifest).Where(form => form != ModelForm.CpuFloat32))
        {
            var fetchedForm = await FetchBlobAsync(
                FormManifest.FileOf(blob, form), manifest.Find(form)!.Sha256, name, version, cancellationToken).ConfigureAwait(false);
            paths.Add(form, fetchedForm.Path);
        }

        return fetched with { Manifest = manifest, Forms = paths };
    }

    private async Task<FormManifest?> FindManifestAsync(string blob, CancellationToken cancellationToken)
    {
        try
        {
            return await registry.FindManifestAsync(blob, cancellationToken).ConfigureAwait(false);
        }
        catch (PipelineException exception)
        {
            throw new ModelLoadException(ModelErrorCodes.ContractViolated, exception.Message, exception);
        }
    }

    private IReadOnlyList<ModelForm> Needed(FormManifest manifest) => FormPlan.Needed(
        manifest,
        mayBeGpu: _options.Provider != ExecutionProvider.Cpu,
        mayBeCpu: _options.Provider == ExecutionProvider.Cpu || _options is { Provider: ExecutionProvider.Auto, RequireGpu: false },
        _options.Precision);

    private async Task<ModelPointer> ReadPointerAsync(CancellationToken cancellationToken)
    {
        ModelPointer pointer;
        try
        {
            pointer = (await registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Pointer ?? throw new ModelLoadException(
                ModelErrorCodes.NotFound,
                $"Expected the pointer '{registry.PointerName}' in container '{registry.ContainerName}', "
                + "found none: no model was published.");
        }
        catch (PipelineException exception)
        {
            throw new ModelLoadException(ModelErrorCodes.PointerInvalid, $"'{registry.PointerName}': {exception.Message}", exception);
        }

        if (string.IsNullOrEmpty(pointer.Blob) || pointer.Sha256 is not { Length: 64 } || !pointer.Sha256.All(char.IsAsciiHexDigit))
        {
            throw new ModelLoadException(
                ModelErrorCodes.PointerInvalid,
                $"'{registry.PointerName}': expected a blob and a SHA-256 of 64 hex digits, "
                + $"found '{pointer.Blob}' and '{pointer.Sha256}'.");
        }

        return pointer;
    }

    private async Task<FetchedModel> FetchBlobAsync(
        string blob,
        string? sha256,
        string name,
        string? version,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        if (sha256 is not null && await FindCachedAsync(sha256, cancellationToken).ConfigureAwait(false) is { } cached)
        {
            // The config is not part of the hash: a corrected one has to count.
            await FetchConfigAsync(blob, sha256, cancellationToken).ConfigureAwait(false);
            return new FetchedModel(cached, sha256, name, version);
        }

        var temporary = Path.Combine(Folder, $"{Guid.NewGuid():N}.part");
        try
        {
            var found = await DownloadAsync(blob, temporary, cancellationToken).ConfigureAwait(false);
            if (sha256 is not null && found != sha256)
            {
                throw Corrupt($"blob '{blob}' in container '{registry.ContainerName}'", sha256, found);
            }

            await FetchConfigAsync(blob, found, cancellationToken).ConfigureAwait(false);
            File.Move(temporary, CachePath(found), overwrite: true);
            return new FetchedModel(CachePath(found), found, name, version);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>A cached file whose bytes are still the right ones; one that was damaged is removed.</summary>
    private async Task<string?> FindCachedAsync(string sha256, CancellationToken cancellationToken)
    {
        var path = CachePath(sha256);
        if (!File.Exists(path))
        {
            return null;
        }

        if (await HashAsync(path, cancellationToken).ConfigureAwait(false) == sha256)
        {
            return path;
        }

        File.Delete(path);
        return null;
    }

    private async Task<string> DownloadAsync(string name, string path, CancellationToken cancellationToken)
    {
        var download = await registry.OpenAsync(name, cancellationToken).ConfigureAwait(false) ?? throw new ModelLoadException(
            ModelErrorCodes.NotFound, $"Expected the model '{name}' in container '{registry.ContainerName}', found none.");
        using (download)
        {
            if (download.Details.ContentLength > NanodetModel.MaxFileBytes)
            {
                throw new ModelLoadException(
                    ModelErrorCodes.NotAnOnnxModel,
                    $"Blob '{name}': expected at most {NanodetModel.MaxFileBytes} bytes, found {download.Details.ContentLength}.");
            }

            var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16, useAsync: true);
            await using (file.ConfigureAwait(false))
            {
                using var hash = SHA256.Create();
                var hashed = new CryptoStream(file, hash, CryptoStreamMode.Write, leaveOpen: true);
                await using (hashed.ConfigureAwait(false))
                {
                    await download.Content.CopyToAsync(hashed, cancellationToken).ConfigureAwait(false);
                }

                return Convert.ToHexStringLower(hash.Hash!);
            }
        }
    }

    /// <summary>A foreign model has its NanoDet config beside it, in storage as in the cache.</summary>
    private async Task FetchConfigAsync(string model, string sha256, CancellationToken cancellationToken)
    {
        try
        {
            if (await registry.FindConfigAsync(model, cancellationToken).ConfigureAwait(false) is var (ending, content))
            {
                await File.WriteAllBytesAsync(
                    Path.ChangeExtension(CachePath(sha256), ending), content.ToArray(), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (PipelineException exception)
        {
            throw new ModelLoadException(ModelErrorCodes.ContractViolated, exception.Message, exception);
        }
    }

    private async Task<FetchedModel> CheckFileAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new ModelLoadException(ModelErrorCodes.NotFound, $"Expected a model file at {path}, found none.");
        }

        var found = await HashAsync(path, cancellationToken).ConfigureAwait(false);
        if (_options.Sha256 is not null && !string.Equals(found, _options.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw Corrupt($"file '{path}'", _options.Sha256, found);
        }

        var fetched = new FetchedModel(path, found, Path.GetFileNameWithoutExtension(path), Version: null);
        if (FormManifest.FindBeside(path) is not { } manifest)
        {
            return fetched;
        }

        manifest.EnsureBelongsTo(found, FormManifest.NameOf(path));
        var paths = Needed(manifest).ToDictionary(form => form, form => FormManifest.FileOf(path, form));
        if (paths.Values.FirstOrDefault(file => !File.Exists(file)) is { } missing)
        {
            throw new ModelLoadException(
                ModelErrorCodes.NotFound, $"Expected a model file at {missing}, as {FormManifest.NameOf(path)} says, found none.");
        }

        return fetched with { Manifest = manifest, Forms = paths };
    }

    private string CachePath(string sha256) => Path.Combine(Folder, $"{sha256}.onnx");

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        var file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
        }
    }

    internal static ModelLoadException Corrupt(string what, string expected, string found) =>
        new(ModelErrorCodes.Corrupt, $"The {what} is corrupt: expected SHA-256 {expected}, found {found}.");
}
