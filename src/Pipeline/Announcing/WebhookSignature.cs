using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Nanodet.Serverless.Pipeline.Announcing;

/// <summary>
/// Signatures as the Standard Webhooks specification has them: <c>v1,</c> and the base64 of the HMAC-SHA256 over
/// <c>ID.TIMESTAMP.BODY</c>. Any of its libraries verifies them.
/// </summary>
internal static class WebhookSignature
{
    private const string KeyPrefix = "whsec_";

    /// <summary>The key of a secret: its base64 behind <c>whsec_</c>, else its UTF-8.</summary>
    internal static bool TryReadKey(string secret, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (!secret.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            key = Encoding.UTF8.GetBytes(secret);
            return true;
        }

        var buffer = new byte[secret.Length];
        if (Convert.TryFromBase64String(secret[KeyPrefix.Length..], buffer, out var length) && length > 0)
        {
            key = buffer[..length];
        }

        return key is not null;
    }

    /// <summary>Signs a body.</summary>
    /// <param name="key">The key.</param>
    /// <param name="id">The message's id.</param>
    /// <param name="timestamp">Seconds since 1970, of the try.</param>
    /// <param name="body">The bytes that are sent.</param>
    internal static string Sign(byte[] key, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hash.AppendData(body);
        return $"v1,{Convert.ToBase64String(hash.GetHashAndReset())}";
    }
}
