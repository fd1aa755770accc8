using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>Which model a request means: the warm one, or another one that is published.</summary>
public sealed class ModelSelector(ModelCatalog catalog, ModelFetcher fetcher, OnDemandModels others, IOptions<WarmModelOptions> options)
{
    /// <summary>Selects without loading: an identity needs no more than the SHA-256.</summary>
    /// <exception cref="ModelLoadException">
    /// <see cref="ModelErrorCodes.StorageUnavailable"/>, or <see cref="ModelErrorCodes.Busy"/> where the machine is in the way: the request
    /// has to come again.
    /// </exception>
    /// <exception cref="EnvironmentException">The machine lacks what it needs: the request has to come again.</exception>
    internal async Task<SelectedModel> SelectAsync(ModelLease warm, string? requested, CancellationToken cancellationToken)
    {
        if (requested is null || warm.Serves(requested))
        {
            return new SelectedModel(warm.Model.Sha256);
        }

        if (options.Value.OtherModels == 0)
        {
            return NotServed(
                $"Expected model '{requested}', "
                + $"this worker serves '{warm.Model.Description.Name}' version {warm.Model.Version} and no other one.");
        }

        try
        {
            return await catalog.FindAsync(requested, cancellationToken).ConfigureAwait(false) is { } published
                ? await SelectAsync(warm, published, requested, cancellationToken).ConfigureAwait(false)
                : NotServed(await catalog.DescribeAsync(requested, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (StorageFailure.Is(exception, cancellationToken))
        {
            throw new ModelLoadException(
                ModelErrorCodes.StorageUnavailable,
                $"The list of published models cannot be read. {StorageFailure.Explain(exception) ?? exception.Message}",
                exception);
        }
    }

    private async Task<SelectedModel> SelectAsync(
        ModelLease warm, PublishedModel published, string requested, CancellationToken cancellationToken)
    {
        try
        {
            // A blob that was put there by hand does not say its SHA-256.
            var sha256 = published.Sha256 ?? (await fetcher.FetchAsync(published, cancellationToken).ConfigureAwait(false)).Sha256;

            // A SHA-256 names a file, and so its precision; a name stands for whatever form of the model is warm.
            var isWarm = sha256 == warm.Model.Sha256
                || (sha256 == warm.Loaded.PublishedSha256
                    && published.Version == warm.Model.Version
                    && !string.Equals(requested, sha256, StringComparison.OrdinalIgnoreCase));
            return isWarm
                ? new SelectedModel(warm.Model.Sha256)
                : new SelectedModel(sha256) { Other = published with { Sha256 = sha256 } };
        }
        catch (ModelLoadException exception) when (others.IsAboutModel(exception))
        {
            return new SelectedModel(string.Empty) { Error = NotUsable(published, exception) };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The disk of the cache: it is full, read-only or broken.
            throw new ModelLoadException(
                ModelErrorCodes.Busy,
                $"Expected to keep model '{published.Id}' in folder {options.Value.Folder}, found: {exception.Message}",
                exception);
        }
    }

    /// <summary>What is to be said where <see cref="LeaseAsync"/> has neither a lease nor an error.</summary>
    internal static ModelLoadException NotNow(string? requested, TimeSpan limit) => new(
        ModelErrorCodes.Busy,
        $"Expected model '{requested}' within {limit}, found no room for it yet, or no way to load it now: the log says which.");

    /// <summary>A lease of the selected model.</summary>
    /// <returns>
    /// A lease that the caller ends, unless it is the warm one; or why the model cannot be used; or neither, when there is no room for it
    /// in time, or storage or the machine is in the way: the request has to come again.
    /// </returns>
    /// <exception cref="EnvironmentException">The machine lacks what that model needs: the request has to come again.</exception>
    internal async Task<(ModelLease? Lease, DetectionError? Error)> LeaseAsync(
        ModelLease warm, SelectedModel selected, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (selected.Other is not { } other)
        {
            return (warm, selected.Error);
        }

        try
        {
            return (await others.LeaseAsync(other, limit, cancellationToken).ConfigureAwait(false), null);
        }
        catch (ModelLoadException exception)
        {
            return (null, others.IsAboutModel(exception) ? NotUsable(other, exception) : null);
        }
    }

    private static SelectedModel NotServed(string message) =>
        new(string.Empty) { Error = new DetectionError(FailureCodes.ModelNotServed, message) };

    private static DetectionError NotUsable(PublishedModel model, ModelLoadException reason) =>
        new(FailureCodes.ModelNotUsable, $"Model '{model.Id}' is published and cannot be used: {reason.Code}: {reason.Message}");
}
