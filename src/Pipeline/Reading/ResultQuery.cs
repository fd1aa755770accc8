using System.Globalization;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Which results are wanted. Conditions that are not given hold for every result.</summary>
public sealed record ResultQuery
{
    /// <summary>The parameters that a query has, as a URL spells them.</summary>
    public static IReadOnlyList<string> Parameters { get; } =
        ["job", "container", "prefix", "search", "class", "minScore", "objects", "status", "code", "limit", "continuation"];

    /// <summary>The most results of a page.</summary>
    public const int MaxLimit = 1000;

    /// <summary>The results of a page, unless it is said.</summary>
    public const int DefaultLimit = 200;

    private const int MaxText = 4096;

    /// <summary>The results of this job; null for the records of images.</summary>
    public string? JobId { get; init; }

    /// <summary>Container of the images; null for the app's own, and in a job for every one.</summary>
    public string? Container { get; init; }

    /// <summary>What the names of the images begin with.</summary>
    public string? Prefix { get; init; }

    /// <summary>A part of the images' names; case does not count.</summary>
    public string? Search { get; init; }

    /// <summary>A class of which there is a detection, unless <see cref="Objects"/> says otherwise.</summary>
    public string? Class { get; init; }

    /// <summary>
    /// The score that a detection, of <see cref="Class"/> where that is given, has at least, unless <see cref="Objects"/> says otherwise.
    /// </summary>
    /// <value>0 to 1.</value>
    public float? MinScore { get; init; }

    /// <summary>
    /// Whether there is a detection of <see cref="Class"/> with <see cref="MinScore"/>; null for <see cref="ObjectCondition.Some"/> where
    /// one of the two is given, and otherwise for <see cref="ObjectCondition.Any"/>.
    /// </summary>
    public ObjectCondition? Objects { get; init; }

    /// <summary>Detections, or failures.</summary>
    public DetectionStatus? Status { get; init; }

    /// <summary>The code of a failure.</summary>
    public string? Code { get; init; }

    /// <summary>The most results of this page.</summary>
    /// <value>1 to 1000.</value>
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>Where the page before ended, as it said; null for the first page.</summary>
    public string? Continuation { get; init; }

    /// <summary>Whether every result is wanted, so that none has to be looked into.</summary>
    public bool TakesAll =>
        Container is null && string.IsNullOrEmpty(Prefix) && string.IsNullOrEmpty(Search) && EffectiveObjects == ObjectCondition.Any
        && Status is null && Code is null;

    private ObjectCondition EffectiveObjects =>
        Objects ?? (Class is null && MinScore is null ? ObjectCondition.Any : ObjectCondition.Some);

    /// <summary>Reads a query.</summary>
    /// <param name="find">The value of a parameter; null where it is absent.</param>
    /// <exception cref="PipelineException">A value is out of its range.</exception>
    public static ResultQuery Read(Func<string, string?> find)
    {
        ArgumentNullException.ThrowIfNull(find);
        if (Parameters.FirstOrDefault(name => find(name)?.Length > MaxText) is { } tooLong)
        {
            throw Invalid($"{tooLong}: expected at most {MaxText} characters, found {find(tooLong)!.Length}.");
        }

        return new ResultQuery
        {
            JobId = find("job"),
            Container = find("container"),
            Prefix = find("prefix"),
            Search = find("search"),
            Class = find("class"),
            MinScore = find("minScore") is { } score ? ReadScore(score) : null,
            Objects = find("objects") is { } objects ? ReadObjects(objects) : null,
            Status = find("status") is { } status ? ReadStatus(status) : null,
            Code = find("code"),
            Limit = find("limit") is { } limit ? ReadLimit(limit) : DefaultLimit,
            Continuation = find("continuation") is { Length: > 0 } continuation ? continuation : null,
        };
    }

    /// <summary>Whether a result is wanted; <see cref="JobId"/> is not looked at.</summary>
    /// <param name="result">The result.</param>
    public bool Matches(DetectionResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return (Container is null || result.Image.Container == Container)
            && (string.IsNullOrEmpty(Prefix) || result.Image.Name.StartsWith(Prefix, StringComparison.Ordinal))
            && (Status is null || result.Status == Status)
            && (Code is null || result.Error?.Code == Code)
            && (string.IsNullOrEmpty(Search) || HasInName(result.Image.Name, Search))
            && EffectiveObjects switch
            {
                ObjectCondition.Any => true,
                ObjectCondition.None => result.Status == DetectionStatus.Detected && !HasDetection(result),
                _ => HasDetection(result),
            };
    }

    // Lower case letter by letter, as the page that searches in names of its own does it.
    private static bool HasInName(string name, string part) =>
        name.ToLowerInvariant().Contains(part.ToLowerInvariant(), StringComparison.Ordinal);

    private bool HasDetection(DetectionResult result)
    {
        foreach (var detection in result.Detections ?? [])
        {
            if ((Class is null || detection.ClassName == Class) && detection.Score >= (MinScore ?? 0))
            {
                return true;
            }
        }

        return false;
    }

    private static float ReadScore(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && score is >= 0 and <= 1
            ? score
            : throw Invalid($"minScore: expected a number from 0 to 1, found '{BlobNames.Show(text)}'.");

    private static ObjectCondition ReadObjects(string text) => text switch
    {
        "any" => ObjectCondition.Any,
        "some" => ObjectCondition.Some,
        "none" => ObjectCondition.None,
        _ => throw Invalid($"objects: expected any, some or none, found '{BlobNames.Show(text)}'."),
    };

    private static DetectionStatus ReadStatus(string text) => DetectionStatusConverter.Find(text)
        ?? throw Invalid($"status: expected detected or failed, found '{BlobNames.Show(text)}'.");

    private static int ReadLimit(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit
            ? limit
            : throw Invalid($"limit: expected 1 to {MaxLimit}, found '{BlobNames.Show(text)}'.");

    private static PipelineException Invalid(string message) => new(PipelineErrorCodes.InvalidRequest, message);
}
