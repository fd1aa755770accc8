using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

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
    [InlineData("/api/Throw", HttpStatusCode.InternalServerError)]
    [InlineData("/api/Off", HttpStatusCode.NotFound)]
    [InlineData("/api/Nothing", HttpStatusCode.NotFound)]
    [InlineData("/api/Measure", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/runtime/webhooks/nothing/here", HttpStatusCode.NotFound)]
    [InlineData("/", HttpStatusCode.OK)]
    public async Task Get_Path_AnswersWithStatus(string path, HttpStatusCode expected)
    {
        using var client = await ClientAsync();

        using var response = await client.GetAsync(path, Cancelled);

        Assert.Equal(expected, response.StatusCode);
    }

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
}
