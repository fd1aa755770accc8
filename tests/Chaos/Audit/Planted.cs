using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>A small account in which everything is right, and the faults that can be planted into it.</summary>
internal sealed class Planted
{
    public const string Job = "job1";

    private static readonly ResultModel Model = new("test", "1", new string('a', 64), 96, 64);

    private static readonly DetectedObject[] Objects = [new(0, "blue", 0.9f, new BoundingBox(8, 8, 24, 16))];

    private static readonly Dictionary<string, IReadOnlyList<DetectedObject>> Answers = new() { [Model.Sha256] = Objects };

    public Planted()
    {
        for (var i = 0; i < 3; i++)
        {
            var code = i == 1 ? ImageErrorCodes.Truncated : null;
            Expected.Add("archive", $"job/{i}.png", new UploadedContent($"0xJ{i}", code, code is null ? Answers : null));
            Records[$"archive/job/{i}.png.json"] = Record("archive", $"job/{i}.png", $"0xJ{i}", code, Job);
            Lines.Add(Records[$"archive/job/{i}.png.json"].Json);
            Expected.Add("images", $"stream/{i}.png", new UploadedContent($"0xS{i}", code, code is null ? Answers : null));
            Records[$"images/stream/{i}.png.json"] = Record("images", $"stream/{i}.png", $"0xS{i}", code, null);
        }

        Expected.Jobs[Job] = [.. Expected.Images.Keys.Where(image => image.StartsWith("archive/", StringComparison.Ordinal))];
    }

    /// <summary>Every fault that the auditor has to find.</summary>
    public static IReadOnlyList<(string Name, FindingKind[] Kinds, Action<Planted> Plant)> All { get; } =
    [
        ("a record is missing", [FindingKind.Lost], planted => planted.Records.Remove("images/stream/0.png.json")),
        ("a record is about content that was overwritten", [FindingKind.Stale],
            planted => planted.Expected.Add("images", "stream/0.png", new UploadedContent("0xNEW", null))),
        ("metadata name another content than the document", [FindingKind.Stale], planted =>
            planted.Records["images/stream/0.png.json"] = planted.Records["images/stream/0.png.json"] with { Etag = "0xOLD" }),
        ("an image failed that is whole", [FindingKind.Wrong], planted =>
            planted.Records["images/stream/0.png.json"] = Record("images", "stream/0.png", "0xS0", "poison", null)),
        ("a corrupt image was detected", [FindingKind.Wrong], planted =>
            planted.Records["images/stream/1.png.json"] = Record("images", "stream/1.png", "0xS1", null, null)),
        ("a record with an object that is not in its image", [FindingKind.Wrong], planted => planted.Records["images/stream/0.png.json"] =
            Changed(planted.Records["images/stream/0.png.json"], "\"x\":8", "\"x\":40")),
        ("a record with another score", [FindingKind.Wrong], planted => planted.Records["images/stream/0.png.json"] =
            Changed(planted.Records["images/stream/0.png.json"], "\"score\":0.9", "\"score\":0.8")),
        ("a record of a model that nobody published", [FindingKind.Wrong], planted => planted.Records["images/stream/0.png.json"] =
            Changed(planted.Records["images/stream/0.png.json"], new string('a', 64), new string('b', 64))),
        ("a line and its record with the objects of another image", [FindingKind.Wrong, FindingKind.DifferingLine], planted =>
        {
            planted.Records["archive/job/0.png.json"] = Changed(planted.Records["archive/job/0.png.json"], "\"x\":8", "\"x\":40");
            planted.Lines[0] = planted.Records["archive/job/0.png.json"].Json;
        }),
        ("a record of an image that nobody uploaded", [FindingKind.Unexpected], planted =>
            planted.Records["images/stream/9.png.json"] = Record("images", "stream/9.png", "0xS9", null, null)),
        ("a line twice", [FindingKind.DuplicateLine, FindingKind.Job], planted => planted.Lines.Add(planted.Lines[0])),
        ("a line is missing", [FindingKind.MissingLine, FindingKind.Job], planted => planted.Lines.RemoveAt(0)),
        ("a line differs from its record", [FindingKind.DifferingLine], planted =>
            planted.Lines[0] = planted.Lines[0].Replace("\"batchSize\":1", "\"batchSize\":2", StringComparison.Ordinal)),
        ("a wrong count", [FindingKind.Job], planted => planted.Manifest = planted.Manifest with { Detected = 3, Failed = 0 }),
        ("a skipped image that counts as detected", [FindingKind.Job], planted => planted.Skip()),
        ("counts that do not add up", [FindingKind.Job], planted => planted.Manifest = planted.Manifest with { Discovered = 4 }),
        ("an inconsistent job", [FindingKind.Job], planted => planted.Manifest = planted.Manifest with { State = JobState.Inconsistent }),
        ("a job without a manifest", [FindingKind.Job], planted => planted.HasManifest = false),
        ("a message on a trigger's queue", [FindingKind.LeftOverMessage], planted => planted.Queues["images"] = new StoredQueue(1, 1)),
        ("a message on the engine's queue", [FindingKind.LeftOverMessage],
            planted => planted.Queues["nanodetserverless-control-00"] = new StoredQueue(1, 1)),
        ("a poison message", [FindingKind.LeftOverMessage], planted => planted.Queues["batches-poison"] = new StoredQueue(1, 1)),
        ("a finished batch that was not written", [FindingKind.LeftOverBlob], planted => planted.Staging.Add("batches/0123.ndjson")),
        ("a list", [FindingKind.LeftOverBlob], planted => planted.Staging.Add("lists/0123.ndjson")),
        ("a dead letter", [FindingKind.DeadLetter], planted => planted.Staging.Add("dead-letters/images/0123.json")),
        ("an orchestration that runs", [FindingKind.Orchestration], planted => planted.Instances["batch-1"] = "Running"),
        ("an orchestration that failed", [FindingKind.Orchestration], planted => planted.Instances["batch-1"] = "Failed"),
    ];

    public Expectation Expected { get; } = new();

    public Dictionary<string, StoredRecord> Records { get; } = [];

    public List<string> Lines { get; } = [];

    public Dictionary<string, StoredQueue> Queues { get; } = [];

    public List<string> Staging { get; } = [];

    public Dictionary<string, string> Instances { get; } = new() { ["job-1"] = "Completed" };

    public bool HasManifest { get; set; } = true;

    public JobManifest Manifest { get; set; } = new()
    {
        JobId = Job,
        State = JobState.Completed,
        Request = new JobDefinition
        {
            JobId = Job,
            Container = "archive",
            Prefix = string.Empty,
            ErrorThreshold = ErrorThreshold.Never,
            PageSize = 200,
            PagesInFlight = 4,
            BatchSize = 8,
            CreatedUtc = DateTimeOffset.UnixEpoch,
        },
        Discovered = 3,
        Detected = 2,
        Failed = 1,
        Skipped = 0,
        Unprocessed = 0,
        Filtered = 0,
        Pages = 1,
        StartedUtc = DateTimeOffset.UnixEpoch,
        EndedUtc = DateTimeOffset.UnixEpoch,
        Seconds = 1,
        ImagesPerSecond = 3,
        Results = [$"{Job}/results.ndjson"],
    };

    /// <summary>The first image of the job was detected for somebody else before; the manifest does not say so.</summary>
    public void Skip() => Lines[0] = (Records["archive/job/0.png.json"] = Record("archive", "job/0.png", "0xJ0", null, job: null)).Json;

    public AccountState State => new()
    {
        Records = Records,
        Jobs = new Dictionary<string, StoredJob> { [Job] = new(HasManifest ? Manifest : null, Lines) },
        Queues = Queues,
        Staging = Staging,
        Instances = Instances,
    };

    private static StoredRecord Changed(StoredRecord record, string before, string after)
    {
        Assert.Contains(before, record.Json, StringComparison.Ordinal);
        return record with { Json = record.Json.Replace(before, after, StringComparison.Ordinal) };
    }

    public static StoredRecord Record(string container, string name, string etag, string? code, string? job)
    {
        var result = new DetectionResult
        {
            Status = code is null ? DetectionStatus.Detected : DetectionStatus.Failed,
            Image = new ResultImage(container, name, etag, 100, code is null ? 80 : null, code is null ? 48 : null),
            Model = Model,
            Options = new ResultOptions(0.35f, 0.6f, 100),
            Detections = code is null ? Objects : null,
            Error = code is null ? null : new DetectionError(code, "planted"),
            Provider = "CPU",
            BatchSize = 1,
            JobId = job,
            CreatedUtc = DateTime.UnixEpoch,
        };
        return new StoredRecord(System.Text.Encoding.UTF8.GetString(result.ToUtf8Json()), etag, DetectionStatusConverter.Text(result.Status));
    }

    /// <summary>Writes all of it into an account.</summary>
    public async Task WriteAsync(string connectionString, CancellationToken cancellationToken)
    {
        var blobs = new BlobServiceClient(connectionString);
        foreach (var container in (string[])["detections", "jobs", "staging"])
        {
            await blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }

        foreach (var (name, record) in Records)
        {
            var metadata = new Dictionary<string, string> { ["nanodetetag"] = record.Etag!, ["nanodetstatus"] = record.Status! };
            await blobs.GetBlobContainerClient("detections").GetBlobClient(name).UploadAsync(
                BinaryData.FromString(record.Json), new BlobUploadOptions { Metadata = metadata }, cancellationToken);
        }

        var jobs = blobs.GetBlobContainerClient("jobs");
        await jobs.GetBlobClient(Manifest.Results[0]).UploadAsync(
            BinaryData.FromString(string.Join('\n', Lines) + "\n"), cancellationToken);
        await jobs.GetBlobClient($"{Job}/manifest.json").UploadAsync(
            BinaryData.FromString(JsonSerializer.Serialize(Manifest, JsonSerializerOptions.Web)), cancellationToken);
        foreach (var name in Staging)
        {
            await blobs.GetBlobContainerClient("staging").GetBlobClient(name).UploadAsync(BinaryData.FromString("{}"), cancellationToken);
        }

        foreach (var (name, queue) in Queues)
        {
            var client = new QueueClient(connectionString, name);
            await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            for (var i = 0; i < queue.Messages; i++)
            {
                await client.SendMessageAsync("planted", cancellationToken);
            }
        }

        var table = new TableClient(connectionString, "NanodetServerlessInstances");
        await table.CreateIfNotExistsAsync(cancellationToken);
        foreach (var (id, state) in Instances)
        {
            await table.AddEntityAsync(new TableEntity(id, string.Empty) { ["RuntimeStatus"] = state }, cancellationToken);
        }
    }
}
