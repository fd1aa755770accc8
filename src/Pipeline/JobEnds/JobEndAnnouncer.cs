using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.JobEnds;

/// <summary>
/// Says that a job has ended: to an Event Grid topic, and to a webhook. What cannot be delivered becomes a dead letter; the job is not
/// affected. A repetition delivers again, under the same id.
/// </summary>
public sealed class JobEndAnnouncer : IDisposable
{
    private const string WebhookChannel = "webhook";
    private const string TopicChannel = "topic";

    private readonly StorageClients _clients;
    private readonly JobStore _store;
    private readonly JobEndOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WebhookSender _webhook;
    private readonly TopicSender _topic;

    /// <summary>An announcer.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="store">Has manifests.</param>
    /// <param name="options">Who is told.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public JobEndAnnouncer(
        StorageClients clients, JobStore store, IOptions<JobEndOptions> options, TimeProvider time, ILogger<JobEndAnnouncer> logger)
        : this(clients, store, options, time, logger, new TopicSender(options))
    {
    }

    internal JobEndAnnouncer(
        StorageClients clients,
        JobStore store,
        IOptions<JobEndOptions> options,
        TimeProvider time,
        ILogger<JobEndAnnouncer> logger,
        TopicSender topic)
    {
        _clients = clients;
        _store = store;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _webhook = new WebhookSender(options, time);
        _topic = topic;
    }

    /// <summary>The activity <c>AnnounceJobEnd</c>.</summary>
    /// <param name="jobId">A job that has its manifest.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task AnnounceAsync(string jobId, CancellationToken cancellationToken)
    {
        if (await _store.FindManifestAsync(jobId, cancellationToken).ConfigureAwait(false) is not { } manifest)
        {
            return;
        }

        var address = _clients.Jobs.GetBlobClient(JobNames.Manifest(jobId)).Uri;
        var message = JobEndEvent.Of(manifest, _clients.Blobs.AccountName, _clients.Jobs.Name, address);
        await AnnounceToTopicAsync(message, cancellationToken).ConfigureAwait(false);
        await AnnounceToWebhookAsync(manifest.Request.Webhook ?? _options.Webhook, manifest, message, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _webhook.Dispose();

    private async Task AnnounceToTopicAsync(JobEndEvent message, CancellationToken cancellationToken)
    {
        if (_options.TopicEndpoint is not { Length: > 0 } topic)
        {
            return;
        }

        try
        {
            await _topic.SendAsync(message, cancellationToken).ConfigureAwait(false);
            Log.JobEndAnnounced(_logger, message.Data.JobId, TopicChannel);
        }
        catch (Exception exception) when (StorageFailure.Is(exception, cancellationToken))
        {
            await KeepAsync(TopicChannel, topic, exception.Message, message, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AnnounceToWebhookAsync(
        string? address, JobManifest manifest, JobEndEvent message, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        // Looked at once more: the settings may be others than when the job was started.
        var isOwn = manifest.Request.Webhook is not null;
        var problem = WebhookAddress.FindProblem(address, isOwn ? _options.WebhookHosts : null, _clients.IsEmulated);
        try
        {
            if (problem is null)
            {
                await _webhook.SendAsync(new Uri(address), message.Id, message.ToUtf8Json(), cancellationToken).ConfigureAwait(false);
                Log.JobEndAnnounced(_logger, message.Data.JobId, WebhookChannel);
            }
        }
        catch (WebhookException exception)
        {
            problem = exception.Message;
        }

        if (problem is not null)
        {
            await KeepAsync(WebhookChannel, address, problem, message, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task KeepAsync(
        string channel, string address, string problem, JobEndEvent message, CancellationToken cancellationToken)
    {
        var letter = new JobEndLetter(channel, address, problem, _time.GetUtcNow(), message);
        var name = $"dead-letters/job-ends/{message.Id}-{channel}.json";
        await _clients.Staging.GetBlobClient(name).UploadAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(letter, JobEndJson.Default.JobEndLetter)),
            new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" } },
            cancellationToken).ConfigureAwait(false);
        Log.JobEndNotDelivered(_logger, message.Data.JobId, channel, name, problem);
    }
}
