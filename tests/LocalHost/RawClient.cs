using System.Net.Sockets;
using System.Text;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>A connection on which a test says byte for byte what it wants.</summary>
internal sealed class RawClient(TcpClient client) : IDisposable
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<RawClient> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancellationToken);
        return new RawClient(client);
    }

    /// <summary>Sends a request and reads until the server closes, or until the answer's JSON is complete.</summary>
    public async Task<string> SendAsync(string request)
    {
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancelled);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        int read;
        while (!answer.ToString().Contains('}') && (read = await stream.ReadAsync(buffer, Cancelled)) > 0)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    public void Dispose() => client.Dispose();
}
