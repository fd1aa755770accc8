using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Nanodet.Serverless.LocalHost.Http;

/// <summary>
/// Asks for a key as the Azure Functions host does: in the header <c>x-functions-key</c> or the query parameter <c>code</c>, of whatever
/// is not anonymous. Who has none gets 401 without a body. The one key there is counts as the host's master key: it opens every function,
/// <c>/admin</c> and the webhooks.
/// </summary>
/// <param name="key">The key; null asks for none.</param>
internal sealed class KeyCheck(string? key)
{
    private const string Header = "x-functions-key";
    private const string Parameter = "code";

    private readonly byte[]? _expected = key is null ? null : Digest(key);

    /// <summary>Marks what needs a key.</summary>
    public static void Protect(IEndpointConventionBuilder endpoint) =>
        endpoint.Add(builder => builder.Metadata.Add(NeedsKey.Instance));

    /// <summary>The middleware; it runs after routing.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (_expected is not null && context.GetEndpoint()?.Metadata.GetMetadata<NeedsKey>() is not null && !IsKnown(context.Request))
        {
            // Begun, so that nobody gives it a body.
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.ContentLength = 0;
            await context.Response.StartAsync();
            return;
        }

        await next(context);
    }

    private bool IsKnown(HttpRequest request)
    {
        var found = request.Headers[Header] is [{ Length: > 0 } header] ? header
            : request.Query[Parameter] is [{ Length: > 0 } parameter] ? parameter
            : null;

        // Of digests, so that the time says nothing about the key, nor about its length.
        return found is not null && CryptographicOperations.FixedTimeEquals(Digest(found), _expected);
    }

    private static byte[] Digest(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));

    private sealed class NeedsKey
    {
        public static NeedsKey Instance { get; } = new();
    }
}
