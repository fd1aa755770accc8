using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;

namespace Nanodet.Serverless.Pipeline.Announcing;

/// <summary>Posts signed events. Follows no redirect, keeps no cookie, and reads no body.</summary>
internal sealed class WebhookSender : IDisposable
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http;
    private readonly JobEndOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _retry;

    /// <summary>A sender.</summary>
    /// <param name="options">Secret, attempts and pauses.</param>
    /// <param name="time">The clock.</param>
    public WebhookSender(IOptions<JobEndOptions> options, TimeProvider time)
    {
        _options = options.Value;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = ConnectionLifetime,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (_options.WebhookAttempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<WebhookException>(exception => exception.IsTransient),
                MaxRetryAttempts = _options.WebhookAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = _options.WebhookPause,
                MaxDelay = LongestPause,
            });
        }

        _retry = builder.Build();
    }

    /// <summary>Posts an event, as often as it takes and the options allow.</summary>
    /// <param name="address">An address that was checked.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="body">The event: a CloudEvent as JSON.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="WebhookException">It was not taken.</exception>
    internal async Task SendAsync(Uri address, string id, byte[] body, CancellationToken cancellationToken)
    {
        if (!WebhookSignature.TryReadKey(_options.WebhookSecret ?? string.Empty, out var key) || key.Length == 0)
        {
            throw new WebhookException(
                $"{JobEndOptions.Section}:{nameof(JobEndOptions.WebhookSecret)}: expected a secret, found none.", isTransient: false);
        }

        await _retry.ExecuteAsync(
            async token => await PostAsync(address, id, key, body, token).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task PostAsync(Uri address, string id, byte[] key, byte[] body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.WebhookTimeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");

        // Signed for each try: a receiver refuses old timestamps.
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Sign(key, id, timestamp, body));
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new WebhookException(
                    $"expected a status of 200 to 299, found {(int)response.StatusCode}.", IsTransient(response.StatusCode));
            }
        }
        catch (HttpRequestException exception)
        {
            throw new WebhookException($"expected an answer, found: {exception.Message}", isTransient: true, exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebhookException($"expected an answer within {_options.WebhookTimeout}, found none.", isTransient: true, exception);
        }
    }

    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
}
