using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Rules of names in storage.</summary>
public static partial class BlobNames
{
    /// <summary>The longest name of a blob, in characters.</summary>
    internal const int MaxLength = 1024;

    /// <summary>The longest name of a queue that leaves room for <c>-poison</c>.</summary>
    internal const int MaxQueueLength = 56;

    internal static bool IsContainer(string? name) => name is not null && ContainerPattern().IsMatch(name);

    internal static bool IsQueue(string? name) => IsContainer(name) && name!.Length <= MaxQueueLength;

    /// <summary>Why a blob cannot be meant; null when it can.</summary>
    internal static string? FindProblem(string container, string name) =>
        IsContainer(container) ? FindProblem(name) : $"expected a container's name, found '{container}'";

    /// <summary>Why a blob of a known container cannot be meant; null when it can.</summary>
    internal static string? FindProblem(string name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return $"expected a blob name of 1 to {MaxLength} characters, found {name.Length}";
        }

        // A URL is resolved before it is sent: such a name would lead into another container.
        return Array.Exists(name.Split('/', '\\'), segment => segment is "." or "..")
            ? $"expected a blob name without the segments '.' and '..', found '{name}'"
            : null;
    }

    /// <summary>An ETag as results and identities carry it: without quotes; null for none.</summary>
    public static string? Etag(string? text)
    {
        var etag = text?.Trim();
        if (etag is not null && etag.StartsWith("W/", StringComparison.Ordinal))
        {
            etag = etag[2..];
        }

        etag = etag?.Trim('"');
        return string.IsNullOrEmpty(etag) ? null : etag;
    }

    [GeneratedRegex("^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerPattern();
}
