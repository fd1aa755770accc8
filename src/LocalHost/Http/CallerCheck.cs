using System.Net;
using Microsoft.AspNetCore.Http;

namespace Nanodet.Serverless.LocalHost.Http;

/// <summary>
/// Lets only programs of this machine in. The port is on the loopback address, but a page on the web that a browser here shows can reach
/// it, too: directly, with a request that needs no permission, or under the page's own host name, which its owner lets point to
/// 127.0.0.1. A browser names both: the host that it believes to talk to, and the origin of the page.
/// </summary>
/// <param name="allowed">Host names beside <c>localhost</c> and the loopback addresses.</param>
internal sealed class CallerCheck(IReadOnlyList<string> allowed)
{
    private const int HttpPort = 80;

    /// <summary>The middleware.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Without a host, as HTTP/1.0 allows it, no browser asks.
        var host = context.Request.Host;
        if (host.HasValue && !IsAllowed(host.Host))
        {
            return ProblemAnswers.WriteAsync(
                context,
                StatusCodes.Status400BadRequest,
                "host_not_allowed",
                $"Expected localhost, a loopback address or an allowed name as the host, found '{host.Host}'.");
        }

        foreach (var origin in context.Request.Headers.Origin)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var page) || !(IsSame(page, host) || IsNamed(page.Host)))
            {
                return ProblemAnswers.WriteAsync(
                    context,
                    StatusCodes.Status403Forbidden,
                    "origin_not_allowed",
                    $"Expected a page of this server ({host.Value}) or of an allowed name, found the origin '{origin}'.");
            }
        }

        return next(context);
    }

    /// <summary>Whether a name or an address means this machine, or is allowed.</summary>
    /// <param name="host">Without a port; an IPv6 address with or without its brackets.</param>
    internal bool IsAllowed(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
        || IsNamed(host);

    /// <summary>Whether a page was served under the name and the port that the request is for. Another port is another program's.</summary>
    private static bool IsSame(Uri page, HostString host) =>
        page.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase) && page.Port == (host.Port ?? HttpPort);

    private bool IsNamed(string host) => allowed.Contains(host, StringComparer.OrdinalIgnoreCase);
}
