using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Names of containers and queues, and which connection they belong to. Section <c>Nanodet:Storage</c>.</summary>
public sealed record StorageOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Storage";

    /// <summary>
    /// Name of the connection in the configuration: a connection string, or a section with <c>accountName</c>, or with
    /// <c>blobServiceUri</c> and <c>queueServiceUri</c>; <c>credential</c> and <c>clientId</c> choose an identity.
    /// </summary>
    /// <value>Default <c>AzureWebJobsStorage</c>.</value>
    [Required]
    public string Connection { get; init; } = "AzureWebJobsStorage";

    /// <summary>Container of the images.</summary>
    /// <value>3 to 63 lower-case letters, digits and single hyphens; default <c>images</c>.</value>
    public string Images { get; init; } = "images";

    /// <summary>Further containers whose images may be detected by events and jobs.</summary>
    /// <value>Names like that of <see cref="Images"/>; default none.</value>
    public IList<string> MoreImages { get; init; } = [];

    /// <summary>Container of the results.</summary>
    /// <value>Default <c>detections</c>.</value>
    public string Detections { get; init; } = "detections";

    /// <summary>Container of the models.</summary>
    /// <value>Default <c>models</c>.</value>
    public string Models { get; init; } = "models";

    /// <summary>Container of the checkpoints.</summary>
    /// <value>Default <c>checkpoints</c>.</value>
    public string Checkpoints { get; init; } = "checkpoints";

    /// <summary>Container of the jobs.</summary>
    /// <value>Default <c>jobs</c>.</value>
    public string Jobs { get; init; } = "jobs";

    /// <summary>Container of lists, finished batches that are not written yet, and dead letters.</summary>
    /// <value>Default <c>staging</c>.</value>
    public string Staging { get; init; } = "staging";

    /// <summary>Queue of single images.</summary>
    /// <value>3 to 56 lower-case letters, digits and single hyphens; default <c>images</c>.</value>
    public string ImageQueue { get; init; } = "images";

    /// <summary>Queue of batches.</summary>
    /// <value>Default <c>batches</c>.</value>
    public string BatchQueue { get; init; } = "batches";

    /// <summary>Queue of events.</summary>
    /// <value>Default <c>events</c>.</value>
    public string EventQueue { get; init; } = "events";

    /// <summary>Create missing containers and queues at start.</summary>
    /// <value>Default true.</value>
    public bool CreateMissing { get; init; } = true;

    /// <summary>True when images of that container may be detected.</summary>
    public bool IsImageContainer(string container) => container == Images || MoreImages.Contains(container);

    /// <summary>Every container that is needed.</summary>
    internal IEnumerable<string> Containers => [Images, .. MoreImages, Detections, Models, Checkpoints, Jobs, Staging];

    /// <summary>Every queue that is needed, without the poison queues.</summary>
    internal IEnumerable<string> Queues => [ImageQueue, BatchQueue, EventQueue];

    /// <summary>The queue that takes what failed too often.</summary>
    /// <param name="queue">The queue's own name.</param>
    public static string PoisonOf(string queue) => $"{queue}-poison";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in Containers.Where(name => !BlobNames.IsContainer(name)))
        {
            yield return new ValidationResult(
                $"{Section}: expected containers of 3 to 63 lower-case letters, digits and single hyphens, found '{name}'.");
        }

        foreach (var name in Queues.Where(name => !BlobNames.IsQueue(name)))
        {
            yield return new ValidationResult(
                $"{Section}: expected queues of 3 to {BlobNames.MaxQueueLength} lower-case letters, digits and single hyphens, "
                + $"found '{name}'.");
        }

        // Results among the images would be detected in their turn.
        if (Containers.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } container)
        {
            yield return new ValidationResult(
                $"{Section}: expected a container of its own for each purpose, found '{container.Key}' twice.");
        }

        if (Queues.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } queue)
        {
            yield return new ValidationResult($"{Section}: expected a queue of its own for each purpose, found '{queue.Key}' twice.");
        }
    }
}
