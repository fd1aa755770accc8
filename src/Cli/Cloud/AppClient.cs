using System.Net.Http.Json;
using System.Text.Json;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The HTTP functions of a running app.</summary>
internal sealed class AppClient : IDisposable
{
    private readonly HttpClient _http;

    /// <summary>A client of one app.</summary>
    /// <param name="server">Its address.</param>
    /// <param name="key">Its function key, or null.</param>
    public AppClient(Uri server, string? key)
    {
        _http = new HttpClient { BaseAddress = server };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Add("x-functions-key", key);
        }
    }

    /// <summary>Starts a job.</summary>
    /// <exception cref="CliException">The app refuses or does not answer.</exception>
    public Task<JobStatus> StartAsync(JobRequest request, CancellationToken cancellationToken) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "api/jobs") { Content = JsonContent.Create(request, JobJson.Default.JobRequest) },
        cancellationToken);

    /// <summary>Asks how far a job is.</summary>
    /// <exception cref="CliException">There is no such job, or the app does not answer.</exception>
    public Task<JobStatus> FindAsync(string jobId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, $"api/jobs/{Uri.EscapeDataString(jobId)}"), cancellationToken);

    /// <summary>Whether the app takes work; where it does not, why.</summary>
    /// <exception cref="HttpRequestException">The app does not answer.</exception>
    public async Task<AppHealth> HealthAsync(CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(new Uri("api/health/details", UriKind.Relative), cancellationToken);
        try
        {
            using var health = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            if (!health.RootElement.TryGetProperty("live", out _))
            {
                return Elsewhere();
            }

            var failedTries = health.RootElement.TryGetProperty("failedTries", out var tries) && tries.TryGetInt32(out var count)
                ? count
                : 0;
            return new AppHealth(answer.IsSuccessStatusCode, Text("code"), Text("reason"), failedTries);

            string? Text(string name) =>
                health.RootElement.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return Elsewhere();
        }

        // While it starts, whoever stands before the app may answer in its place.
        AppHealth Elsewhere() => new(
            Ready: false, Code: null, $"api/health/details answers {(int)answer.StatusCode} without the app's health", FailedTries: 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<JobStatus> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var message = request;
        try
        {
            using var answer = await _http.SendAsync(message, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                throw await RefusalAsync(answer, cancellationToken);
            }

            return (await answer.Content.ReadFromJsonAsync(JobJson.Default.JobStatus, cancellationToken))!;
        }
        catch (HttpRequestException exception)
        {
            throw new CliException("app_unreachable", $"{_http.BaseAddress} does not answer: {exception.Message}");
        }
    }

    /// <summary>The app's own words, where it answers with problem details.</summary>
    private async Task<CliException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            var root = problem.RootElement;
            return new CliException(root.GetProperty("code").GetString()!, root.GetProperty("detail").GetString()!);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new CliException("app_refused", $"{_http.BaseAddress} answered {(int)answer.StatusCode} {answer.ReasonPhrase}.");
        }
    }
}
