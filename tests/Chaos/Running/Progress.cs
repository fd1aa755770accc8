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

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    private readonly BlobServiceClient _blobs = new(connectionString);
    private readonly Stopwatch _sinceLook = Stopwatch.StartNew();
    private long _fingerprint;
    private TimeSpan _lookTook;

    /// <summary>Images whose record is about their last content.</summary>
    public int Right { get; private set; }

    /// <summary>Whether every image that was uploaded so far has its record, every job its manifest, and nothing is under way.</summary>
    public bool IsDone { get; private set; }

    /// <summary>How long no record was written, no orchestration completed and no job ended, though there was something to do.</summary>
    public TimeSpan Silence { get; private set; }

    /// <summary>The longest such time since <see cref="Mark"/>.</summary>
    public TimeSpan LongestSilence { get; private set; }

    /// <summary>
    /// How long since <see cref="Mark"/> all that was left to do lay in messages that nobody could receive: a killed host had taken them, or
    /// the answer to their receive was lost. The queue shows them again ten minutes after that; the listener's timeout is no setting.
    /// </summary>
    public TimeSpan Hidden { get; private set; }

    /// <summary>What is still to be done, to be shown.</summary>
    public string Rest { get; private set; } = string.Empty;

    /// <summary>From now on silence counts.</summary>
    public void Mark()
    {
        _sinceLook.Restart();
        (Silence, LongestSilence, Hidden) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
    }

    /// <summary>
    /// Waits a second, and three times as long as the last look took: reading everything costs Azurite, and on a busy machine it is the app
    /// that should have the processors.
    /// </summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(_lookTook * 3 > ShortestPause ? _lookTook * 3 : ShortestPause, TimeProvider.System, cancellationToken);
        var watch = Stopwatch.StartNew();
        await ReadAsync(cancellationToken);
        _lookTook = watch.Elapsed;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
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
        var isHidden = Right < expected.Images.Count && open == 0 && waiting == 0 && queues.Count > 0;
        Wait(isHidden, HashCode.Combine(fingerprint, instances.Count - open, manifests));
    }

    private void Wait(bool isHidden, long fingerprint)
    {
        var passed = _sinceLook.Elapsed;
        _sinceLook.Restart();
        if (isHidden)
        {
            Hidden += passed;
        }
        else
        {
            Silence += passed;
        }

        LongestSilence = Silence > LongestSilence ? Silence : LongestSilence;
        if (fingerprint != _fingerprint)
        {
            _fingerprint = fingerprint;
            Silence = TimeSpan.Zero;
        }
    }

    private static string RecordOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        return ResultName.For(image[..slash], image[(slash + 1)..]);
    }
}
