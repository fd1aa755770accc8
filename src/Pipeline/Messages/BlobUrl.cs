using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>A blob's URL in an event, taken apart.</summary>
/// <param name="Container">The container.</param>
/// <param name="Encoded">The blob's name as the URL has it.</param>
internal sealed record BlobUrl(string Container, string Encoded)
{
    private const string SubjectMarker = "/blobs/";

    /// <summary>Takes the URL of a blob of that account apart; false for any other.</summary>
    internal static bool TryParse(string url, StorageAccount account, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BlobUrl? blob)
    {
        blob = null;

        // By hand: System.Uri would cut at a '#' that some sender forgot to encode, and resolve '..'.
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        var start = scheme < 0 ? -1 : url.IndexOf('/', scheme + 3);
        if (start < 0 || !account.Owns(url[(scheme + 3)..start]))
        {
            return false;
        }

        var path = url[(start + 1)..];
        if (account.PathPrefix is { } prefix)
        {
            if (!path.StartsWith(prefix, StringComparison.Ordinal))
            {
                return false;
            }

            path = path[prefix.Length..];
        }

        var slash = path.IndexOf('/');
        if (slash <= 0 || slash == path.Length - 1)
        {
            return false;
        }

        blob = new BlobUrl(path[..slash], path[(slash + 1)..]);
        return true;
    }

    /// <summary>A URL without its query, which might hold a signature.</summary>
    internal static string Describe(string url)
    {
        var query = url.IndexOf('?');
        return query < 0 ? url : url[..query];
    }

    /// <summary>
    /// The blob's name. The URL has it percent-encoded; where the URL is the subject's very text and could be no URL as it stands, the
    /// sender encoded neither.
    /// </summary>
    internal string ChooseName(string? subject)
    {
        var marker = subject?.IndexOf(SubjectMarker, StringComparison.Ordinal) ?? -1;
        var isRaw = marker >= 0
            && subject!.AsSpan(marker + SubjectMarker.Length).SequenceEqual(Encoded)
            && Encoded.AsSpan().IndexOfAny(" #?") >= 0;

        // Not WebUtility.UrlDecode: a '+' in a path is a plus.
        return isRaw ? Encoded : Uri.UnescapeDataString(Describe(Encoded));
    }
}
