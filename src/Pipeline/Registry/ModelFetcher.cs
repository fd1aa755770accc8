using System.Security.Cryptography;
using Azure;
using Azure.Identity;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
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

    /// <summary>Fetches the model.</summary>
    /// <exception cref="ModelLoadException">It is missing or corrupt, or storage cannot be reached.</exception>
    internal Task<FetchedModel> FetchAsync(CancellationToken cancellationToken) => NameAsync(() => _options.Source switch
    {
        WarmModelSource.File => CheckFileAsync(_options.File!, cancellationToken),
        WarmModelSource.Blob => FetchBlobAsync(
            _options.Blob!,
            _options.Sha256?.ToLowerInvariant(),
            Path.GetFileNameWithoutExtension(_options.Blob!),
            version: null,
            cancellationToken),
        _ => FetchCurrentAsync(cancellationToken),
    });

    /// <summary>Fetches a published model, current or not.</summary>
    /// <inheritdoc cref="FetchAsync(CancellationToken)"/>
    internal Task<FetchedModel> FetchAsync(PublishedModel model, CancellationToken cancellationToken) => NameAsync(() => FetchBlobAsync(
        ModelRegistry.BlobOf(model.Id), model.Sha256?.ToLowerInvariant(), model.Name, model.Version, cancellationToken));

    /// <summary>Gives storage's faults their name.</summary>
    private async Task<FetchedModel> NameAsync(Func<Task<FetchedModel>> fetchAsync)
    {
        try
        {
            return await fetchAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RequestFailedException or AuthenticationFailedException)
        {
            throw new ModelLoadException(
                ModelErrorCodes.StorageUnavailable,
                $"Container '{registry.ContainerName}' cannot be read. {StorageFailure.Explain(exception)}",
                exception);
        }
    }

    /// <summary>SHA-256 of the model that the pointer names now; null where no pointer is followed.</summary>
    /// <exception cref="ModelLoadException">There is no pointer any more, or it is none.</exception>
    /// <exception cref="RequestFailedException">Storage cannot be reached.</exception>
    internal async Task<string?> FindCurrentSha256Async(CancellationToken cancellationToken) => _options.Source == WarmModelSource.Pointer
        ? (await ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Sha256.ToLowerInvariant()
        : null;

    private async Task<FetchedModel> FetchCurrentAsync(CancellationToken cancellationToken)
    {
        var pointer = await ReadPointerAsync(cancellationToken).ConfigureAwait(false);
        return await FetchBlobAsync(
            pointer.Blob, pointer.Sha256.ToLowerInvariant(), pointer.Name, pointer.Version, cancellationToken).ConfigureAwait(false);
    }

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
        return _options.Sha256 is null || string.Equals(found, _options.Sha256, StringComparison.OrdinalIgnoreCase)
            ? new FetchedModel(path, found, Path.GetFileNameWithoutExtension(path), Version: null)
            : throw Corrupt($"file '{path}'", _options.Sha256, found);
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
