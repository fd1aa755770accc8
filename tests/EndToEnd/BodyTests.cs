using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>Bodies that are announced and do not come, over real connections to the host and its worker.</summary>
public sealed class BodyTests
{
    private const int Places = 8;
    private const int Connections = 100;

    private static readonly byte[] Head =
        Encoding.ASCII.GetBytes($"POST /api/detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: {64 << 20}\r\n\r\nabc");

    [Fact]
    public async Task Detect_ManyBodiesAnnouncedAndNotSent_CostLittleAndAreRefused()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var app = await deployment.StartAsync(
            "all", ("Nanodet__Http__ConcurrentBodies", $"{Places}"), ("Nanodet__Http__MinBytesPerSecond", "0"));
        await app.IsReadyAsync();
        await DetectsAsync(app);
        var before = ResidentBytes(app.Host.WorkerProcessId!.Value);

        // Nobody waits for a place, and nothing that was announced is made room for: all of it would be 6400 MiB. The host gives up the
        // bodies that have one after a while; then its own answer (408) comes first, or that of the worker, whose body ends (400).
        var answers = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => AnnounceAsync(app.Host.Address)));
        var byStatus = answers.ToLookup(answer => answer.Split(' ')[1]);
        Assert.Equal(Connections - Places, byStatus["429"].Count());
        Assert.All(byStatus["429"], answer => Assert.Contains("too_many_bodies", answer, StringComparison.Ordinal));
        Assert.All(byStatus["429"], answer => Assert.Contains("Retry-After: 1\r\n", answer, StringComparison.OrdinalIgnoreCase));
        Assert.Equal(Places, byStatus["400"].Count() + byStatus["408"].Count());
        Assert.All(answers, answer => Assert.Contains("application/problem+json", answer, StringComparison.Ordinal));
        Assert.InRange(ResidentBytes(app.Host.WorkerProcessId!.Value) - before, long.MinValue, 300L << 20);

        await Eventually.TrueAsync(async () => (await AskAsync(app)).Status == HttpStatusCode.OK, "places are free again", 120);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(App app)
    {
        using var content = new ByteArrayContent(SampleImages.Good(1).Single().Bytes);
        return await app.SendAsync(HttpMethod.Post, "api/detect", content);
    }

    private static async Task DetectsAsync(App app)
    {
        var (status, body) = await AskAsync(app);
        Assert.True(status == HttpStatusCode.OK, body.ToString());
    }

    /// <summary>Announces a large body, sends three bytes of it, and reads the answer.</summary>
    private static async Task<string> AnnounceAsync(Uri address)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, App.Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Head, App.Cancellation);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        int read;
        while (!answer.ToString().Contains('}') && (read = await stream.ReadAsync(buffer, App.Cancellation)) > 0)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    private static long ResidentBytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
