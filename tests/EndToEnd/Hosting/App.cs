using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>A running app, over HTTP.</summary>
internal sealed class App(Uri address, FunctionHost? host = null)
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The host, unless it runs in another process.</summary>
    public FunctionHost Host => host!;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(address, path)) { Content = content };
        using var response = await Http.SendAsync(request, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);

        // An answer of the host itself, for example while the worker is being replaced, has no body.
        using var document = JsonDocument.Parse(text.Length > 0 ? text : "{}");
        return (response.StatusCode, document.RootElement.Clone());
    }

    public Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>The health document, ready or not.</summary>
    public async Task<JsonElement> HealthAsync() => (await GetAsync("api/health/details")).Body;

    public async Task IsReadyAsync(int seconds = 30)
    {
        JsonElement health = default;
        await Eventually.TrueAsync(
            async () => (health = await HealthAsync()).GetProperty("ready").GetBoolean(), () => $"the app is ready: {health}", seconds);
    }

    public async Task<long> ImagesComputedAsync() => (await HealthAsync()).GetProperty("imagesComputed").GetInt64();

    /// <summary>Starts a job and returns its id.</summary>
    public async Task<string> StartJobAsync(object request)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "api/jobs", JsonContent.Create(request));
        Assert.True(status == HttpStatusCode.Accepted, $"POST api/jobs: {status} {body}");
        return body.GetProperty("jobId").GetString()!;
    }

    public async Task<JobStatus> JobAsync(string jobId)
    {
        var (status, body) = await GetAsync($"api/jobs/{jobId}");
        Assert.True(status == HttpStatusCode.OK, $"GET api/jobs/{jobId}: {status} {body}");
        return body.Deserialize<JobStatus>(JsonSerializerOptions.Web)!;
    }

    public async Task<JobStatus> JobEndsAsync(string jobId, int seconds = 90)
    {
        JobStatus? last = null;
        return await Eventually.GetAsync(
            async () =>
            {
                last = await JobAsync(jobId);
                return last.State == JobState.Running ? null : last;
            },
            () => $"job {jobId} ended: {last}",
            seconds);
    }
}
