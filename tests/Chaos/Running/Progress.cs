using System.Diagnostics;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Nanodet.Serverless.Chaos.Tests.Audit;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>Looks how far the work is, and how long nothing has come to an end.</summary>
internal sealed class Progress(string connectionString, Expectation expected)
{
    private static readonly string[] Ended = ["Completed", "Failed", "Terminated"];

    private readonly BlobServiceClient _blobs = new(connectionString);
    private readonly Stopwatch _silence = Stopwatch.StartNew();
    private long _fingerprint;

    /// <summary>Images whose record is about their last content.</summary>
    public int Right { get; private set; }

    /// <summary>Whether every image that was uploaded so far has its record, every job its manifest, and nothing is under way.</summary>
    public bool IsDone { get; private set; }

    /// <summary>How long no record was written, no orchestration completed and no job ended.</summary>
    public TimeSpan Silence => _silence.Elapsed;

    /// <summary>The longest such time since <see cref="Mark"/>.</summary>
    public TimeSpan LongestSilence { get; private set; }

    /// <summary>What is still to be done, to be shown.</summary>
    public string Rest { get; private set; } = string.Empty;

    /// <summary>From now on silence counts.</summary>
    public void Mark()
    {
        _silence.Restart();
        LongestSilence = TimeSpan.Zero;
    }

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        long fingerprint = 0;
        var etags = new Dictionary<string, string>(StringComparer.Ordinal);
        var records = _blobs.GetBlobContainerClient("detections").GetBlobsAsync(
            new GetBlobsOptions { Traits = BlobTraits.Metadata }, cancellationToken);
        await foreach (var record in records)
        {
            etags[record.Name] = record.Metadata.TryGetValue("nanodetetag", out var etag) ? etag : string.Empty;
            fingerprint += record.Properties.ETag.GetHashCode();
        }

        Right = expected.Images.Count(image => etags.GetValueOrDefault(RecordOf(image.Key)) == image.Value[^1].Etag);
        var instances = await AccountState.ReadInstancesAsync(connectionString, cancellationToken);
        var open = instances.Count(instance => !Ended.Contains(instance.Value));
        var jobs = await AccountState.NamesAsync(_blobs.GetBlobContainerClient("jobs"), cancellationToken);
        var manifests = expected.Jobs.Keys.Count(job => jobs.Contains($"{job}/manifest.json"));
        var queues = await AccountState.ReadQueuesAsync(connectionString, cancellationToken);
        var waiting = queues.Count(queue => !expected.IsAllowed(queue.Key, queue.Value));

        IsDone = Right == expected.Images.Count && open == 0 && manifests == expected.Jobs.Count && waiting == 0;
        Rest = $"{Right} of {expected.Images.Count} images, {open} of {instances.Count} orchestrations open, {manifests} manifests, queues "
            + string.Join(' ', queues.Select(queue => $"{queue.Key} {queue.Value.Messages}/{queue.Value.Visible}"));
        fingerprint = HashCode.Combine(fingerprint, instances.Count - open, manifests);
        LongestSilence = Silence > LongestSilence ? Silence : LongestSilence;
        if (fingerprint != _fingerprint)
        {
            _fingerprint = fingerprint;
            _silence.Restart();
        }
    }

    private static string RecordOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        return ResultName.For(image[..slash], image[(slash + 1)..]);
    }
}
