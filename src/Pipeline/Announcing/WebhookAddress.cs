using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Announcing;

/// <summary>Which addresses a webhook may have: whoever starts a job must not make the app call what only the app can reach.</summary>
internal static class WebhookAddress
{
    private const int MaxLength = 2048;

    /// <summary>Whether a text is a host, perhaps with a port.</summary>
    internal static bool IsHost(string text) =>
        Uri.TryCreate($"https://{text}/", UriKind.Absolute, out var uri)
        && string.Equals(uri.Authority, text, StringComparison.OrdinalIgnoreCase)
        && uri.UserInfo.Length == 0;

    /// <summary>Why an address cannot be a webhook's; null when it can.</summary>
    /// <param name="address">The address.</param>
    /// <param name="hosts">The only hosts that are allowed; null for any.</param>
    /// <param name="allowsLoopback">Whether http is allowed for a loopback host, on the developer's machine.</param>
    internal static string? FindProblem(string address, IEnumerable<string>? hosts, bool allowsLoopback)
    {
        if (address.Length > MaxLength || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0)
        {
            return $"expected an address with https and without a user, of at most {MaxLength} characters, "
                + $"found '{BlobNames.Show(address)}'";
        }

        if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback && allowsLoopback))
        {
            return $"expected an address with https, found '{BlobNames.Show(address)}'";
        }

        return hosts is null || hosts.Contains(uri.Authority, StringComparer.OrdinalIgnoreCase)
            ? null
            : $"expected a host that {JobEndOptions.Section}:{nameof(JobEndOptions.WebhookHosts)} lists, "
                + $"found '{BlobNames.Show(uri.Authority)}'";
    }
}
