using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.LocalHost.Http;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class HttpTests(StorageFixture storage)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/people/Ada", "hello Ada")]
    [InlineData("/api/people/Ada/2", "hello Ada hello Ada")]
    [InlineData("/api/people/Ada%20Lovelace?code=some-key", "hello Ada Lovelace")]
    public async Task Get_RouteWithParameters_AnswersWithStatusHeadersAndBody(string path, string expected)
    {
        using var client = await ClientAsync();
        client.DefaultRequestHeaders.Add("x-functions-key", "some-key");

        using var response = await client.GetAsync(path, Cancelled);

        Assert.Equal(HttpStatusCode.NonAuthoritativeInformation, response.StatusCode);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync(Cancelled));
        Assert.StartsWith("Ada", Assert.Single(response.Headers.GetValues("x-greeted")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_BodyOfTwentyMegabytes_ComesBackUnchanged()
    {
        using var client = await ClientAsync();
        var body = new byte[20 << 20];
        new Random(7).NextBytes(body);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("image/jpeg");

        using var response = await client.PostAsync("/api/Measure", content, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("image/jpeg", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(Cancelled));
    }

    [Fact]
    public async Task Post_FunctionWithQueueOutput_AnswersAndWritesMessage()
    {
        using var client = await ClientAsync();
        var message = StorageFixture.NewName();
        using var content = new StringContent(message);

        using var response = await client.PostAsync("/api/Accept", content, Cancelled);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await storage.ReceiveAsync($"{storage.Prefix}-copied", text => text.StartsWith(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/Throw", 500, "internal_error")]
    [InlineData("GET", "/api/Off", 404, "not_found")]
    [InlineData("GET", "/api/Nothing", 404, "not_found")]
    [InlineData("GET", "/api/Measure", 405, "method_not_allowed")]
    [InlineData("GET", "/runtime/webhooks/nothing/here", 404, "not_found")]
    [InlineData("POST", "/admin/functions/Nobody", 404, "not_found")]
    [InlineData("POST", "/admin/functions/FanOut", 400, "request_invalid")]
    public async Task Send_WhatIsNotAnswered_IsAProblem(string method, string path, int status, string code)
    {
        using var client = await ClientAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await client.SendAsync(request, Cancelled);

        await IsProblemAsync(response, status, code);
    }

    [Fact]
    public async Task Get_DurableWebHooks_AreOffUnlessAskedFor()
    {
        var options = storage.Options(StorageFixture.NewName());
        await using var host = await FunctionHost.StartAsync(
            new FunctionHostOptions
            {
                AppDirectory = options.AppDirectory,
                HostId = options.HostId,
                Settings = options.Settings,
                StorageConnectionString = options.StorageConnectionString,
            },
            storage.Logs,
            Cancelled);
        using var client = new HttpClient { BaseAddress = host.Address };

        using var response = await client.GetAsync("/runtime/webhooks/DurableTask/instances", Cancelled);

        await IsProblemAsync(response, 404, "not_found");
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("HEAD", "/")]
    [InlineData("HEAD", "/admin/host/status")]
    public async Task Send_WhatTheHostAnswers_IsNotToBeGuessedAt(string method, string path)
    {
        using var client = await ClientAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Get_TargetOfTwentyThousandCharacters_IsAProblem()
    {
        using var client = await ClientAsync();

        using var response = await client.GetAsync($"/api/people/Ada?{new string('a', 20_000)}", Cancelled);

        await IsProblemAsync(response, 414, "uri_too_long");
    }

    [Fact]
    public async Task Post_BodyAnnouncedTooLong_IsAProblem()
    {
        using var socket = await SocketAsync();

        var answer = await socket.SendAsync("POST /api/Measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\nabc");

        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Contains("body_too_large", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", "{}", 415, "unsupported_media_type")]
    [InlineData("application/json", "{", 400, "request_invalid")]
    public async Task Post_AdminBodyThatIsNoCall_IsAProblem(string type, string body, int status, string code)
    {
        using var client = await ClientAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, type);

        using var response = await client.PostAsync("/admin/functions/Yearly", content, Cancelled);

        await IsProblemAsync(response, status, code);
    }

    [Theory]
    [InlineData("Host: evil.example", 400, "host_not_allowed")]
    [InlineData("Host: evil.example:7071", 400, "host_not_allowed")]
    [InlineData("Host: 192.168.1.7", 400, "host_not_allowed")]
    [InlineData("Host: localhost.evil.example", 400, "host_not_allowed")]
    [InlineData("Host: localhost\r\nOrigin: https://evil.example", 403, "origin_not_allowed")]
    [InlineData("Host: localhost\r\nOrigin: null", 403, "origin_not_allowed")]
    [InlineData("Host: localhost\r\nOrigin: http://localhost.evil.example", 403, "origin_not_allowed")]
    [InlineData("Host: localhost:7071\r\nOrigin: http://localhost:3000", 403, "origin_not_allowed")]
    [InlineData("Host: localhost:7071\r\nOrigin: http://127.0.0.1:7071", 403, "origin_not_allowed")]
    [InlineData("Host: localhost:7071\r\nOrigin: http://app.localhost:7071", 403, "origin_not_allowed")]
    public async Task Send_FromAPageOnTheWeb_IsNotLetIn(string headers, int status, string code)
    {
        using var socket = await SocketAsync();

        var answer = await socket.SendAsync(
            $"POST /admin/functions/Copy HTTP/1.1\r\n{headers}\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.0", "X: none")]
    [InlineData("GET / HTTP/1.1", "Host: localhost:7071")]
    [InlineData("GET / HTTP/1.1", "Host: LOCALHOST")]
    [InlineData("GET / HTTP/1.1", "Host: app.localhost")]
    [InlineData("GET / HTTP/1.1", "Host: 127.0.0.2:80")]
    [InlineData("GET / HTTP/1.1", "Host: [::1]:80")]
    [InlineData("GET / HTTP/1.1", "Host: localhost:7071\r\nOrigin: http://localhost:7071")]
    [InlineData("GET / HTTP/1.1", "Host: localhost\r\nOrigin: http://LOCALHOST")]
    [InlineData("GET / HTTP/1.1", "Host: [::1]:7071\r\nOrigin: http://[::1]:7071")]
    public async Task Send_FromThisMachine_IsLetIn(string line, string headers)
    {
        using var socket = await SocketAsync();

        var answer = await socket.SendAsync($"{line}\r\n{headers}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example", false)]
    [InlineData("box.example", true)]
    [InlineData("BOX.example", true)]
    [InlineData("sub.box.example", false)]
    public void IsAllowed_ConfiguredName_IsLetIn(string host, bool expected) =>
        Assert.Equal(expected, new CallerCheck(["box.example"]).IsAllowed(host));

    [Fact]
    public async Task Get_ClientLeaves_CancelsFunction()
    {
        using var client = await ClientAsync();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var call = client.GetAsync($"/api/Wait?file={Uri.EscapeDataString(file)}", leave.Token);
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists($"{file}.started")), "the function runs");

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(file)), "the function saw that its caller left");
        File.Delete(file);
        File.Delete($"{file}.started");
    }

    [Fact]
    public async Task Get_HostStatus_SaysRunning()
    {
        using var client = await ClientAsync();

        var status = await client.GetFromJsonAsync<JsonElement>("/admin/host/status", Cancelled);

        Assert.Equal("Running", status.GetProperty("state").GetString());
        Assert.Equal(storage.Prefix, status.GetProperty("id").GetString());
        Assert.Equal((await storage.SharedHostAsync()).WorkerProcessId, status.GetProperty("workerProcessId").GetInt32());
    }

    [Fact]
    public async Task Get_Functions_ListsThemWithRoutes()
    {
        using var client = await ClientAsync();

        var functions = await client.GetFromJsonAsync<JsonElement>("/admin/functions", Cancelled);

        var greet = functions.EnumerateArray().Single(function => function.GetProperty("name").GetString() == "Greet");
        Assert.Equal("api/people/{name}/{times:int?}", greet.GetProperty("route").GetString());
        Assert.False(greet.GetProperty("isDisabled").GetBoolean());
    }

    private async Task<HttpClient> ClientAsync() => new() { BaseAddress = (await storage.SharedHostAsync()).Address };

    private static async Task IsProblemAsync(HttpResponseMessage response, int status, string code)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal((status, code), (problem.GetProperty("status").GetInt32(), problem.GetProperty("code").GetString()));
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    private async Task<RawClient> SocketAsync() => await RawClient.ConnectAsync((await storage.SharedHostAsync()).Address, Cancelled);
}
