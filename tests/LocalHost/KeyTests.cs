using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>Who is asked for a key, and what opens: as the Azure Functions host does it.</summary>
public sealed class KeyTests(StorageFixture storage, KeyTests.KeyHost keyed) : IClassFixture<KeyTests.KeyHost>
{
    private const string Key = "a-key-of-this-test";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/api/people/Ada", 203)]
    [InlineData("GET", "/admin/host/status", 200)]
    [InlineData("HEAD", "/admin/host/status", 200)]
    [InlineData("GET", "/admin/functions", 200)]
    [InlineData("POST", "/admin/functions/Nobody", 404)]
    [InlineData("GET", "/runtime/webhooks/nothing/here", 404)]
    public async Task Send_WhatNeedsAKey_IsOpenedByItAlone(string method, string path, int status)
    {
        Assert.Equal((401, 0), await SendAsync(method, path));
        Assert.Equal((401, 0), await SendAsync(method, path, header: "another-key-of-this-test"));
        Assert.Equal((401, 0), await SendAsync(method, path, header: ""));
        Assert.Equal((401, 0), await SendAsync(method, $"{path}?code={Key}x"));
        Assert.Equal(status, (await SendAsync(method, path, header: Key)).Status);
        Assert.Equal(status, (await SendAsync(method, $"{path}?code={Key}")).Status);
    }

    [Theory]
    [InlineData("GET", "/", 200)]
    [InlineData("POST", "/api/Measure", 200)]
    [InlineData("GET", "/api/Nothing", 404)]
    [InlineData("GET", "/api/Measure", 405)]
    public async Task Send_WhatIsAnonymousOrNotThere_NeedsNone(string method, string path, int status) =>
        Assert.Equal(status, (await SendAsync(method, path)).Status);

    [Fact]
    public async Task Send_HostWithoutKey_AsksForNone()
    {
        using var client = new HttpClient { BaseAddress = (await storage.SharedHostAsync()).Address };

        using var response = await client.GetAsync("/admin/functions", Cancelled);

        Assert.Equal(200, (int)response.StatusCode);
    }

    private async Task<(int Status, int Length)> SendAsync(string method, string path, string? header = null)
    {
        using var client = new HttpClient { BaseAddress = keyed.Host.Address };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (header is not null)
        {
            request.Headers.Add("x-functions-key", header);
        }

        using var response = await client.SendAsync(request, Cancelled);
        return ((int)response.StatusCode, (await response.Content.ReadAsByteArrayAsync(Cancelled)).Length);
    }

    /// <summary>A host with a key.</summary>
    public sealed class KeyHost(StorageFixture storage) : IAsyncLifetime
    {
        public FunctionHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var options = storage.Options(StorageFixture.NewName());
            Host = await FunctionHost.StartAsync(
                new FunctionHostOptions
                {
                    AppDirectory = options.AppDirectory,
                    HostId = options.HostId,
                    Settings = options.Settings,
                    StorageConnectionString = options.StorageConnectionString,
                    DurableWebHooks = true,
                    Key = Key,
                },
                storage.Logs,
                Cancelled);
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
