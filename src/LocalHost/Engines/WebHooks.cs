using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Description;
using Microsoft.Azure.WebJobs.Host.Config;

namespace Nanodet.Serverless.LocalHost.Engines;

/// <summary>
/// The endpoints that extensions serve themselves, <c>/runtime/webhooks/NAME/…</c>: the Durable extension's management, and the
/// blob extension's receiver of Event Grid events.
/// </summary>
#pragma warning disable CS0618 // The extensions still ask for it.
internal sealed class WebHooks(Uri address) : IWebHookProvider
#pragma warning restore CS0618
{
    public const string Path = "/runtime/webhooks";

    private const string DurableName = "durabletask";

    private readonly ConcurrentDictionary<string, IAsyncConverter<HttpRequestMessage, HttpResponseMessage>> _receivers =
        new(StringComparer.OrdinalIgnoreCase);

    /// <summary>An extension asks for its address while it starts; from then on it receives.</summary>
    public Uri GetUrl(IExtensionConfigProvider extension)
    {
        var type = extension.GetType();
        var name = type.GetCustomAttribute<ExtensionAttribute>()?.ConfigurationSection ?? type.Name;
        if (extension is IAsyncConverter<HttpRequestMessage, HttpResponseMessage> receiver)
        {
            _receivers[name] = receiver;
        }

        return new Uri(address, $"{Path}/{name.ToLowerInvariant()}");
    }

    /// <summary>
    /// Whether a request is for the Durable extension: whoever reaches that can read, start, raise and end everything.
    /// </summary>
    public static bool IsDurable(HttpContext context) =>
        string.Equals((string?)context.Request.RouteValues["extension"], DurableName, StringComparison.OrdinalIgnoreCase);

    public async Task HandleAsync(HttpContext context)
    {
        if (!_receivers.TryGetValue((string)context.Request.RouteValues["extension"]!, out var receiver))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        using var request = ToMessage(context.Request);
        using var response = await receiver.ConvertAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        context.Response.Headers.Remove("Transfer-Encoding");
        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static HttpRequestMessage ToMessage(HttpRequest request)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), request.GetEncodedUrl())
        {
            Content = new StreamContent(request.Body),
        };
        foreach (var (name, values) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                message.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        return message;
    }
}
