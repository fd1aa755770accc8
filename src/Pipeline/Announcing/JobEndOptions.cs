using System.ComponentModel.DataAnnotations;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Announcing;

/// <summary>Who is told that a job has ended. Section <c>Nanodet:JobEnd</c>.</summary>
public sealed record JobEndOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:JobEnd";

    private const int MinSecretLength = 16;

    /// <summary>Endpoint of an Event Grid topic that takes CloudEvents; the app's identity publishes.</summary>
    /// <value>Such as <c>https://NAME.REGION-1.eventgrid.azure.net/api/events</c>; default null: none.</value>
    public string? TopicEndpoint { get; init; }

    /// <summary>Client id of the user-assigned identity that publishes.</summary>
    /// <value>Default null: whatever the environment offers.</value>
    public string? TopicClientId { get; init; }

    /// <summary>Where the end of every job is posted, unless the job's request names another address.</summary>
    /// <value>An address with https; with http only for a loopback host beside the storage emulator. Default null: nowhere.</value>
    public string? Webhook { get; init; }

    /// <summary>Hosts that a job's request may name in <c>webhook</c>, with a port where it is not 443.</summary>
    /// <value>Such as <c>hooks.example.com</c>; default none.</value>
    public IList<string> WebhookHosts { get; init; } = [];

    /// <summary>What webhooks are signed with: text, or <c>whsec_</c> and base64.</summary>
    /// <value>At least 16 characters; needed for webhooks. Default null.</value>
    public string? WebhookSecret { get; init; }

    /// <summary>How often a webhook is tried before its event becomes a dead letter.</summary>
    /// <value>1 to 10; default 5.</value>
    [Range(1, 10)]
    public int WebhookAttempts { get; init; } = 5;

    /// <summary>How long one try may take.</summary>
    /// <value>1 second to 1 minute; default 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause before the second try; it doubles with each further one.</summary>
    /// <value>0 to 1 minute; default 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan WebhookPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (TopicEndpoint is { Length: > 0 } topic
            && (!Uri.TryCreate(topic, UriKind.Absolute, out var endpoint) || endpoint.Scheme != Uri.UriSchemeHttps))
        {
            yield return Problem(nameof(TopicEndpoint), $"expected an address with https, found '{BlobNames.Show(topic)}'");
        }

        if (Webhook is { Length: > 0 } webhook && WebhookAddress.FindProblem(webhook, hosts: null, allowsLoopback: true) is { } problem)
        {
            yield return Problem(nameof(Webhook), problem);
        }

        if ((Webhook is { Length: > 0 } || WebhookHosts.Count > 0) && (WebhookSecret?.Length ?? 0) < MinSecretLength)
        {
            // The secret itself is never quoted.
            yield return Problem(nameof(WebhookSecret), $"expected at least {MinSecretLength} characters where webhooks are configured");
        }
        else if (WebhookSecret is { Length: > 0 } && !WebhookSignature.TryReadKey(WebhookSecret, out _))
        {
            yield return Problem(nameof(WebhookSecret), "expected base64 behind whsec_");
        }

        foreach (var host in WebhookHosts.Where(host => !WebhookAddress.IsHost(host)))
        {
            yield return Problem(nameof(WebhookHosts), $"expected a host such as hooks.example.com, found '{BlobNames.Show(host)}'");
        }
    }

    private static ValidationResult Problem(string name, string problem) => new($"{Section}:{name}: {problem}.", [name]);
}
