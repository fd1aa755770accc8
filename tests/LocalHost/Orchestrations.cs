using System.Net.Http.Json;
using System.Text.Json;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>Orchestrations of the sample app, driven from outside as a user would: by HTTP and the durable webhooks.</summary>
internal sealed class Orchestrations(Uri address) : IDisposable
{
    private readonly HttpClient client = new() { BaseAddress = address };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async Task<JsonElement> StartAsync(string name, string input = "")
    {
        using var response = await client.PostAsync($"/api/start/{name}?input={input}", null, Cancelled);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancelled)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
    }

    public async Task<string> RunAsync(string name, string input = "") => await OutputAsync(await StartAsync(name, input));

    public async Task<string> OutputAsync(JsonElement instance)
    {
        var status = await WaitAsync(instance, "Completed");
        return status.GetProperty("output").ToString();
    }

    public async Task<JsonElement> WaitAsync(JsonElement instance, string runtimeStatus, int seconds = 40)
    {
        var last = default(JsonElement);
        await Eventually.TrueAsync(
            async () =>
            {
                last = await client.GetFromJsonAsync<JsonElement>(Get(instance, "statusQueryGetUri"), Cancelled);
                return last.GetProperty("runtimeStatus").GetString() == runtimeStatus;
            },
            $"the instance is {runtimeStatus}",
            seconds);
        return last;
    }

    public async Task PostAsync(JsonElement instance, string webHook, string? replacement = null, string body = "")
    {
        var address = Get(instance, webHook).Replace("{eventName}", replacement, StringComparison.Ordinal).Replace("{text}", replacement, StringComparison.Ordinal);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(address, content, Cancelled);
        Assert.True(response.IsSuccessStatusCode, $"{webHook}: {response.StatusCode}");
    }

    public void Dispose() => client.Dispose();

    private static string Get(JsonElement instance, string name) =>
        instance.EnumerateObject().Single(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase)).Value.GetString()!;
}
