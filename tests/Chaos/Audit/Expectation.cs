using System.Collections.Concurrent;

namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>What was uploaded and asked for.</summary>
internal sealed class Expectation
{
    private const string UploadQueues = "azure-webjobs-blobtrigger-";

    private static readonly string[] TriggerQueues = ["images", "batches", "events"];

    /// <summary>The contents of each image, the last one last, by <c>container/name</c>.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<UploadedContent>> Images { get; } = new(StringComparer.Ordinal);

    /// <summary>The images of each job, by the job's id.</summary>
    public Dictionary<string, IReadOnlyCollection<string>> Jobs { get; } = [];

    /// <summary>How many dead letters there are.</summary>
    /// <value>Default 0.</value>
    public int DeadLetters { get; init; }

    /// <summary>
    /// Whether messages may be hidden on the queues of triggers. Those that a killed host had taken are, for ten minutes, and so are those
    /// whose removal or return failed; then they come back, as repetitions.
    /// </summary>
    public bool MayHide { get; set; }

    /// <summary>
    /// Whether lists of batches may be left. One may be, where a message came again after its batch was finished, until a timer of the app
    /// has looked at it, minutes later.
    /// </summary>
    public bool MayKeepLists { get; set; }

    /// <summary>Whether a queue may hold these messages.</summary>
    public bool IsAllowed(string queue, StoredQueue messages) =>
        MayHide && messages.Visible == 0
        && (TriggerQueues.Contains(queue) || queue.StartsWith(UploadQueues, StringComparison.Ordinal));

    /// <summary>Notes that an image got another content.</summary>
    public void Add(string container, string name, UploadedContent content) =>
        Images.AddOrUpdate($"{container}/{name}", [content], (_, earlier) => [.. earlier, content]);
}
