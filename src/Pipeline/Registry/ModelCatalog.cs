using Microsoft.Extensions.Options;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>
/// Which models are published. The list is kept for <see cref="WarmModelOptions.PollInterval"/>; a name that is not on it is looked for
/// once more.
/// </summary>
public sealed class ModelCatalog
{
    private const int MaxNamed = 20;

    private readonly ModelRegistry _registry;
    private readonly WarmModelOptions _options;
    private readonly TimeProvider _time;
    private Listing? _listing;

    /// <summary>An empty list.</summary>
    /// <param name="registry">Where models lie.</param>
    /// <param name="options">How long a list is kept, and whether models come from the registry at all.</param>
    /// <param name="time">The clock.</param>
    public ModelCatalog(ModelRegistry registry, IOptions<WarmModelOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(options);
        _registry = registry;
        _options = options.Value;
        _time = time;
    }

    /// <summary>Why a request cannot name a model, as far as storage says; null when it can.</summary>
    /// <param name="requested">A name, a version, <c>name/version</c> or a SHA-256; null for the current model.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Azure.RequestFailedException">Storage failed.</exception>
    public async Task<string?> FindProblemAsync(string? requested, CancellationToken cancellationToken)
    {
        // Elsewhere than behind a pointer only the worker knows what it serves.
        if (requested is null
            || _options.Source != WarmModelSource.Pointer
            || await FindAsync(requested, cancellationToken).ConfigureAwait(false) is not null)
        {
            return null;
        }

        // A model that was put there by hand may have another name than its blob.
        ModelPointer? current;
        try
        {
            current = (await _registry.ReadPointerAsync(cancellationToken).ConfigureAwait(false)).Pointer;
        }
        catch (PipelineException)
        {
            current = null;
        }

        return current is not null && Names(requested, current.Name, current.Version, current.Sha256)
            ? null
            : await DescribeAsync(requested, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The latest published model of that name, version, <c>name/version</c> or SHA-256; null when there is none.</summary>
    internal async Task<PublishedModel?> FindAsync(string requested, CancellationToken cancellationToken)
    {
        var listing = Volatile.Read(ref _listing);
        if (listing is not null && _time.GetElapsedTime(listing.Timestamp) < _options.PollInterval && Find(listing) is { } known)
        {
            return known;
        }

        listing = new Listing(
            _time.GetTimestamp(),
            await _registry.ListAsync(currentBlob: null, cancellationToken).ConfigureAwait(false));
        Volatile.Write(ref _listing, listing);
        return Find(listing);

        PublishedModel? Find(Listing listing) =>
            listing.Models.FirstOrDefault(model => Names(requested, model.Name, model.Version, model.Sha256));
    }

    /// <summary>Says that a model is not published, and which ones are.</summary>
    internal async Task<string> DescribeAsync(string requested, CancellationToken cancellationToken)
    {
        var models = Volatile.Read(ref _listing)?.Models
            ?? await _registry.ListAsync(currentBlob: null, cancellationToken).ConfigureAwait(false);
        var known = models.Count == 0
            ? "none"
            : string.Join(", ", models.Take(MaxNamed).Select(model => model.Id))
                + (models.Count > MaxNamed ? $" and {models.Count - MaxNamed} more" : "");
        return $"Expected a model that is published, found '{requested}'. Published: {known}.";
    }

    /// <summary>True when a request for that model is one for this model.</summary>
    internal static bool Names(string requested, string name, string version, string? sha256) =>
        requested == name
        || requested == version
        || requested == $"{name}/{version}"
        || string.Equals(requested, sha256, StringComparison.OrdinalIgnoreCase);

    private sealed record Listing(long Timestamp, IReadOnlyList<PublishedModel> Models);
}
