using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The HTTP functions of a running app.</summary>
internal sealed class AppClient : IDisposable
{
    private const string Unreachable = "app_unreachable";
    private const string Unavailable = "app_unavailable";
    private const int Attempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>An app gives a body two minutes; whoever gives up before has sent it for nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly HttpClient _http;
    private readonly TimeProvider _clock;

    /// <summary>A client of one app.</summary>
    /// <param name="server">Its address.</param>
    /// <param name="key">Its function key, or null.</param>
    public AppClient(Uri server, string? key)
        : this(server, key, new HttpClientHandler(), TimeProvider.System)
    {
    }

    internal AppClient(Uri server, string? key, HttpMessageHandler handler, TimeProvider clock)
    {
        _clock = clock;
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Patience };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Add("x-functions-key", key);
        }
    }

    /// <summary>
    /// Starts a job under an id of this call's own, unless the request has one: where the answer gets lost, the request is sent again, and
    /// the app knows that it is the same.
    /// </summary>
    /// <exception cref="CliException">The app refuses or does not answer.</exception>
    public async Task<JobStatus> StartAsync(JobRequest request, CancellationToken cancellationToken)
    {
        request = WithId(request);
        return await AgainAsync(
            () => SendAsync(
                new HttpRequestMessage(HttpMethod.Post, "api/jobs") { Content = JsonContent.Create(request, JobJson.Default.JobRequest) },
                cancellationToken),
            cancellationToken);
    }

    /// <summary>A request with an id of its own, which its job will have.</summary>
    public JobRequest WithId(JobRequest request) => request with { Id = request.Id ?? JobStore.CreateId(_clock.GetUtcNow()) };

    /// <summary>Keeps a list of images in the app's storage.</summary>
    /// <param name="content">A name on each line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CliException">The app refuses or does not answer.</exception>
    public Task<StoredList> UploadListAsync(byte[] content, CancellationToken cancellationToken) => AgainAsync(
        () => SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "api/lists")
            {
                Content = new ByteArrayContent(content) { Headers = { ContentType = new("application/x-ndjson") } },
            },
            CloudJson.Default.StoredList,
            cancellationToken),
        cancellationToken);

    /// <summary>A page of results.</summary>
    /// <param name="query">Which results: the parameters of <c>GET /api/results</c>, escaped.</param>
    /// <param name="continuation">What the page before said; null for the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CliException">There is no such job, or the app does not answer.</exception>
    public Task<AppResultPage> ResultsAsync(string query, string? continuation, CancellationToken cancellationToken)
    {
        var next = continuation is null ? "" : $"&continuation={Uri.EscapeDataString(continuation)}";
        return AgainAsync(
            () => SendAsync(
                new HttpRequestMessage(HttpMethod.Get, $"api/results?{query}&limit={ResultQuery.MaxLimit}{next}"),
                CloudJson.Default.AppResultPage,
                cancellationToken),
            cancellationToken);
    }

    /// <summary>Asks how far a job is.</summary>
    /// <exception cref="CliException">There is no such job, or the app does not answer.</exception>
    public Task<JobStatus> FindAsync(string jobId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, $"api/jobs/{Uri.EscapeDataString(jobId)}"), cancellationToken);

    /// <summary>Lists the latest jobs.</summary>
    /// <exception cref="CliException">The app does not answer.</exception>
    public Task<JobsReport> ListAsync(int limit, string? continuation, CancellationToken cancellationToken) => SendAsync(
        new HttpRequestMessage(
            HttpMethod.Get,
            $"api/jobs?limit={limit}{(continuation is null ? "" : $"&continuation={Uri.EscapeDataString(continuation)}")}"),
        CloudJson.Default.JobsReport, cancellationToken);

    /// <summary>Asks a job to end.</summary>
    /// <exception cref="CliException">There is no such job, it has ended, or the app does not answer.</exception>
    public Task<JobStatus> CancelAsync(string jobId, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"api/jobs/{Uri.EscapeDataString(jobId)}"), cancellationToken);

    /// <summary>
    /// Starts a job over the failures of one that ended, under a key of this call's own: where the answer gets lost, the request is sent
    /// again, and the app knows that it is the same.
    /// </summary>
    /// <param name="jobId">The job that ended.</param>
    /// <param name="codes">Only failures with these codes; none for all.</param>
    /// <param name="force">Whether failures are taken that cannot get better, too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new job.</returns>
    /// <exception cref="CliException">There is no such job, it runs, or the app does not answer.</exception>
    public Task<JobStatus> RetryAsync(string jobId, IReadOnlyList<string> codes, bool force, CancellationToken cancellationToken)
    {
        string[] query =
        [
            .. codes.Count > 0 ? [$"failure={Uri.EscapeDataString(string.Join(',', codes))}"] : Array.Empty<string>(),
            .. force ? ["force=true"] : Array.Empty<string>(),
        ];
        var address = $"api/jobs/{Uri.EscapeDataString(jobId)}/retry{(query.Length > 0 ? "?" : "")}{string.Join('&', query)}";
        var key = Guid.NewGuid().ToString();
        return AgainAsync(
            () => SendAsync(
                new HttpRequestMessage(HttpMethod.Post, address) { Headers = { { "Idempotency-Key", key } } }, cancellationToken),
            cancellationToken);
    }

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

    /// <summary>Asks again, a few times, where no answer came: for what does no harm twice.</summary>
    private async Task<T> AgainAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ask();
            }
            catch (CliException exception) when (exception.Code is Unreachable or Unavailable && attempt < Attempts)
            {
                await Task.Delay(attempt * Pause, _clock, cancellationToken);
            }
        }
    }

    private Task<JobStatus> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, JobJson.Default.JobStatus, cancellationToken);

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var message = request;
        try
        {
            using var answer = await _http.SendAsync(message, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                throw await RefusalAsync(answer, cancellationToken);
            }

            return (await answer.Content.ReadFromJsonAsync(type, cancellationToken))!;
        }
        catch (Exception exception) when (
            exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A call that takes too long looks like a cancellation, and nobody has cancelled anything.
            throw new CliException(Unreachable, $"{_http.BaseAddress} does not answer: {exception.Message}");
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
            // Whoever stands before the app answers so while it starts, or takes too long.
            return new CliException(
                (int)answer.StatusCode is 502 or 503 or 504 ? Unavailable : "app_refused",
                $"{_http.BaseAddress} answered {(int)answer.StatusCode} {answer.ReasonPhrase}.");
        }
    }
}
