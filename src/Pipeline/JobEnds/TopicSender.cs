using Azure.Core;
using Azure.Identity;
using Azure.Messaging;
using Azure.Messaging.EventGrid;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Announcing;

namespace Nanodet.Serverless.Pipeline.JobEnds;

/// <summary>Publishes events to an Event Grid topic, by the app's identity. The SDK retries.</summary>
internal sealed class TopicSender
{
    private readonly EventGridPublisherClient? _client;

    /// <summary>A sender.</summary>
    /// <param name="options">Names the topic.</param>
    public TopicSender(IOptions<JobEndOptions> options)
        : this(options.Value, credential: null, new EventGridPublisherClientOptions())
    {
    }

    internal TopicSender(JobEndOptions options, TokenCredential? credential, EventGridPublisherClientOptions clientOptions)
    {
        if (options.TopicEndpoint is { Length: > 0 } endpoint)
        {
            _client = new EventGridPublisherClient(
                new Uri(endpoint),
                credential ?? new DefaultAzureCredential(
                    new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.TopicClientId }),
                clientOptions);
        }
    }

    /// <summary>Publishes an event.</summary>
    /// <param name="message">The event.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Azure.RequestFailedException">The topic did not take it.</exception>
    /// <exception cref="AuthenticationFailedException">There is no identity, or it gets no token.</exception>
    internal async Task SendAsync(JobEndEvent message, CancellationToken cancellationToken)
    {
        var data = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message.Data, JobEndJson.Default.JobEndData);
        var cloudEvent = new CloudEvent(
            message.Source, message.Type, BinaryData.FromBytes(data), message.Datacontenttype, CloudEventDataFormat.Json)
        {
            Id = message.Id,
            Subject = message.Subject,
            Time = message.Time,
        };
        await _client!.SendEventAsync(cloudEvent, cancellationToken).ConfigureAwait(false);
    }
}
