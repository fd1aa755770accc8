using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Nanodet.Serverless.Infra.Tests.Image;

/// <summary>The script of the image's HEALTHCHECK against a server.</summary>
public sealed class HealthcheckTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("200 OK", 0)]
    [InlineData("503 Service Unavailable", 1)]
    [InlineData("404 Not Found", 1)]
    public async Task Script_ServerThatAnswers_SaysWhatItsStatusSays(string status, int expected)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var check = RunAsync(((IPEndPoint)server.LocalEndpoint).Port);
        using var client = await server.AcceptTcpClientAsync(Token);
        using var reader = new StreamReader(client.GetStream());
        var request = await reader.ReadLineAsync(Token);
        while (await reader.ReadLineAsync(Token) is { Length: > 0 })
        {
        }

        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"), Token);

        Assert.Equal("GET /api/health HTTP/1.0", request);
        Assert.Equal(expected, await check);
    }

    [Fact]
    public async Task Script_NobodyListens_Fails()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        server.Stop();

        Assert.Equal(1, await RunAsync(port));
    }

    private static async Task<int> RunAsync(int port)
    {
        var start = new ProcessStartInfo("bash", [Repository.PathOf("tools", "container", "healthcheck"), $"{port}"]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return process.ExitCode;
    }
}
