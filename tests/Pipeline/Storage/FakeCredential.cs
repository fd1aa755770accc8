using System.Text;
using System.Text.Json;
using Azure.Core;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>An identity whose token says what a real one does; nobody has signed it, and Azurite does not ask.</summary>
/// <param name="audience">Whom it is for.</param>
/// <param name="lifetime">When it ends, from now.</param>
internal sealed class FakeCredential(string audience, TimeSpan lifetime) : TokenCredential
{
    /// <summary>The audience of storage.</summary>
    public const string Storage = "https://storage.azure.com";

    /// <summary>A token that storage takes.</summary>
    public static FakeCredential Good { get; } = new(Storage, TimeSpan.FromMinutes(30));

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        var tenant = Guid.NewGuid();
        var begin = (lifetime < TimeSpan.Zero ? now + lifetime : now).AddHours(-1).ToUnixTimeSeconds();
        var claims = new Dictionary<string, object>
        {
            ["aud"] = audience,
            ["iss"] = $"https://sts.windows.net/{tenant}/",
            ["nbf"] = begin,
            ["iat"] = begin,
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
            ["oid"] = Guid.NewGuid(),
            ["tid"] = tenant,
        };

        // The client is told that the token is good: what is tested is what storage says of it.
        return new AccessToken($"{Part(new { alg = "none", typ = "JWT" })}.{Part(claims)}.{Encode("none"u8)}", now.AddMinutes(30));
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        ValueTask.FromResult(GetToken(requestContext, cancellationToken));

    private static string Part(object value) => Encode(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value)));

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
