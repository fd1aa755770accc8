using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Serverless.Functions.Hosting;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

public sealed class HostWatchTests
{
    // What is waited for takes seconds; a machine with much else to do may need more.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://127.0.0.1:1234/", "dotnet", "--port", "1", "--functions-uri", "http://127.0.0.1:1234")]
    [InlineData(null, "dotnet", "--host", "127.0.0.1")]
    [InlineData(null, "dotnet", "--functions-uri")]
    [InlineData(null, "dotnet", "--functions-uri", "nowhere")]
    public void FindHost_Arguments_HaveItsAddress(string? expected, params string[] arguments) =>
        Assert.Equal(expected, HostWatch.FindHost(arguments)?.AbsoluteUri);

    [Fact]
    public async Task Watch_HostThatGoes_EndsTheProcessInOrderAndThenByForce()
    {
        using var host = new FakeHost();
        var lifetime = new Lifetime();
        var killed = new TaskCompletionSource();
        var watch = new HostWatch(
            lifetime, new HostWatch.Arguments(["--functions-uri", host.Address]), TimeProvider.System, NullLogger<HostWatch>.Instance)
        {
            Kill = killed.SetResult,
        };

        await watch.StartingAsync(Token);
        await host.AcceptAsync(Token);
        Assert.False(lifetime.Stopped.Task.IsCompleted);
        host.Dispose();

        await lifetime.Stopped.Task.WaitAsync(Patience, TimeProvider.System, Token);
        await killed.Task.WaitAsync(Patience, TimeProvider.System, Token);
    }

    [Fact]
    public async Task Watch_HostThatClosesAConnection_IsConnectedAgain()
    {
        using var host = new FakeHost();
        var lifetime = new Lifetime();
        var watch = new HostWatch(
            lifetime, new HostWatch.Arguments(["--functions-uri", host.Address]), TimeProvider.System, NullLogger<HostWatch>.Instance)
        {
            Kill = static () => { },
        };

        await watch.StartingAsync(Token);
        for (var i = 0; i < HostWatch.Refusals; i++)
        {
            (await host.AcceptAsync(Token)).Close();
        }

        await host.AcceptAsync(Token);
        Assert.False(lifetime.Stopped.Task.IsCompleted);
    }

    /// <summary>Listens like a host, and says nothing.</summary>
    private sealed class FakeHost : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<TcpClient> _clients = [];

        public FakeHost() => _listener.Start();

        public string Address => $"http://{_listener.LocalEndpoint}";

        public async Task<TcpClient> AcceptAsync(CancellationToken cancellationToken)
        {
            var client = await _listener.AcceptTcpClientAsync(cancellationToken);
            _clients.Add(client);
            return client;
        }

        public void Dispose()
        {
            _listener.Dispose();
            _clients.ForEach(client => client.Dispose());
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public TaskCompletionSource Stopped { get; } = new();

        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => Stopped.TrySetResult();
    }
}
