using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Chaos.Tests.Audit;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>Puts images into storage, and notes each content. Images of the job are in a container that nobody polls.</summary>
internal sealed class Uploader(ChaosPlan plan, string connectionString, Expectation expected) : IDisposable
{
    public const string StreamContainer = "images";
    public const string JobContainer = "archive";
    public const string KillerFolder = "killer";

    private const int OtherContents = 5000;

    private readonly Random _random = new(plan.Seed);
    private readonly BlobServiceClient _blobs = new(connectionString);
    private readonly QueueClient _events =
        new(connectionString, "events", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    private readonly List<(string Container, string Name)> _uploaded = [];
    private readonly Answers _answers = new();

    /// <summary>How many images of the stream were uploaded.</summary>
    public int Uploaded { get; private set; }

    /// <summary>Uploads the images of the job.</summary>
    /// <returns>Their names, with the container.</returns>
    public async Task<IReadOnlyCollection<string>> UploadJobAsync(CancellationToken cancellationToken)
    {
        foreach (var image in SampleImages.Good(plan.JobImages, "job"))
        {
            await UploadAsync(JobContainer, image.Name, image.Bytes, _random.NextDouble() < plan.CorruptShare, cancellationToken);
        }

        return [.. expected.Images.Keys.Where(image => image.StartsWith(JobContainer + "/", StringComparison.Ordinal))];
    }

    /// <summary>Uploads the images of the stream, one by one, and now and then another content of an earlier image.</summary>
    public async Task UploadStreamAsync(CancellationToken cancellationToken)
    {
        var others = SampleImages.Good(OtherContents + plan.StreamImages, "other").Skip(OtherContents).ToList();
        var every = plan.Killers == 0 ? int.MaxValue : Math.Max(1, plan.StreamImages / (plan.Killers + 1));
        foreach (var (index, image) in SampleImages.Good(plan.StreamImages, "stream").Index())
        {
            await UploadAsync(StreamContainer, image.Name, image.Bytes, _random.NextDouble() < plan.CorruptShare, cancellationToken);
            if (_random.NextDouble() < plan.OverwrittenShare)
            {
                var (container, name) = _uploaded[_random.Next(_uploaded.Count)];
                await UploadAsync(container, name, others[index].Bytes, isCorrupt: false, cancellationToken);
            }

            if (index % every == every - 1 && index / every < plan.Killers)
            {
                var name = $"{KillerFolder}/{index / every}.png";
                var etag = await PutAsync(StreamContainer, name, others[index].Bytes, cancellationToken);
                expected.Add(StreamContainer, name, new UploadedContent(etag, plan.KillerCode));
            }

            Uploaded++;
            await Task.Delay(plan.Pace * (2 * _random.NextDouble()), TimeProvider.System, cancellationToken);
        }
    }

    public void Dispose() => _answers.Dispose();

    private async Task UploadAsync(string container, string name, byte[] bytes, bool isCorrupt, CancellationToken cancellationToken)
    {
        var isRepeated = expected.Images.ContainsKey($"{container}/{name}");
        var etag = await PutAsync(container, name, isCorrupt ? bytes[..(bytes.Length / 2)] : bytes, cancellationToken);
        var content = isCorrupt
            ? new UploadedContent(etag, ImageErrorCodes.Truncated)
            : new UploadedContent(etag, Code: null, _answers.Of(bytes));
        expected.Add(container, name, content);
        _uploaded.Add((container, name));
        if (container == JobContainer && isRepeated)
        {
            // Nobody polls that container: the content is announced, as Event Grid does it, and sometimes twice.
            var message = JsonSerializer.Serialize(new { container, name, etag });
            await _events.SendMessageAsync(message, cancellationToken);
            if (_random.Next(4) == 0)
            {
                await _events.SendMessageAsync(message, cancellationToken);
            }
        }
    }

    private async Task<string> PutAsync(string container, string name, byte[] bytes, CancellationToken cancellationToken)
    {
        var blob = _blobs.GetBlobContainerClient(container).GetBlobClient(name);
        return (await blob.UploadAsync(BinaryData.FromBytes(bytes), overwrite: true, cancellationToken)).Value.ETag.ToString().Trim('"');
    }
}
