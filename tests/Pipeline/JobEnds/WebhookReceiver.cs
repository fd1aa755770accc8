using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nanodet.Serverless.Pipeline.Tests.JobEnds;

/// <summary>A receiver of webhooks on a free loopback port, which answers with the given lines of status, the last one for ever.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(IReadOnlyDictionary<string, string> Headers, byte[] Body)> _received = new();
    private readonly string[] _answers;
    private readonly Task _loop;

    public WebhookReceiver(params string[] answers)
    {
        _answers = answers;
        _listener.Start();
        _loop = RunAsync();
    }

    public string Address => $"http://{Host}/hook?x=1";

    public string Host => _listener.LocalEndpoint.ToString()!;

    public IReadOnlyList<(IReadOnlyDictionary<string, string> Headers, byte[] Body)> Received => [.. _received];

    public async ValueTask DisposeAsync()
    {
        // The loop first: asked to accept after its end, a listener says that it does not listen.
        await _stop.CancelAsync();
        await _loop;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It ends.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!(head.Count >= 4 && head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray())))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Add(one[0]);
        }

        var headers = Encoding.ASCII.GetString([.. head]).Split("\r\n").Skip(1).Where(line => line.Length > 0)
            .Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0].Trim().ToLowerInvariant(), pair => pair[1].Trim());
        var body = new byte[int.Parse(headers["content-length"], CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        var answer = _answers[Math.Min(_received.Count, _answers.Length - 1)];
        _received.Enqueue((headers, body));
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), _stop.Token);
    }
}
