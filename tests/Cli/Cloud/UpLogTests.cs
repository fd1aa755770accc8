using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary>The log of <c>nanodet up</c>: where it is said to be, and what is in it.</summary>
public sealed class UpLogTests(DemoModel model)
{
    private const string Image = "poisoned/photo.jpg";

    // Nobody detects the image: its message is poison, and nothing else comes for it.
    private static readonly Dictionary<string, string> Settings = new() { ["AzureWebJobs.ImageUploaded.Disabled"] = "true" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_Log_HoldsHostAndWorkerAndIsNamedWhereverItIsPointedTo()
    {
        await using var app = new RunningApp(model) { Environment = Settings };
        await app.InitializeAsync();
        var log = Path.Combine(app.Data, "logs", "app.log");
        var storage = app.Report.GetProperty("storage").GetString()!;

        Assert.Equal(log, app.Report.GetProperty("log").GetString());
        using (var address = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(app.Data, "up.json"), Token)))
        {
            Assert.Equal(log, address.RootElement.GetProperty("log").GetString());
        }

        var message = await PoisonAsync(storage);
        Assert.Contains($"The cause is in the app's log ({log})", message, StringComparison.Ordinal);

        Assert.Equal(0, await app.StopAsync());
        var logged = await File.ReadAllTextAsync(log, Token);
        Assert.Contains("info  Nanodet.Serverless.LocalHost.FunctionHost: Host ", logged, StringComparison.Ordinal);
        Assert.Contains("info  Nanodet.Serverless.Pipeline.Serving.WarmModel: Model nanodet-g ", logged, StringComparison.Ordinal);
        Assert.Contains("error Nanodet.Serverless.Pipeline.Writing.PoisonWriter: ", logged, StringComparison.Ordinal);
        Assert.Contains("nanodet up was told to stop", logged, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey=", logged, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq", logged, StringComparison.Ordinal);
    }

    /// <summary>Has the app end an image whose message failed too often.</summary>
    /// <returns>The message of its record.</returns>
    private static async Task<string> PoisonAsync(string storage)
    {
        var blobs = new BlobServiceClient(storage);
        await blobs.GetBlobContainerClient("images").GetBlobClient(Image).UploadAsync(
            Path.Combine(DemoModel.Photos, "sample1.jpg"), overwrite: true, Token);
        var queue = new QueueClient(storage, "images-poison", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queue.CreateIfNotExistsAsync(cancellationToken: Token);
        await queue.SendMessageAsync($$"""{ "schemaVersion": 1, "container": "images", "name": "{{Image}}" }""", Token);

        var record = blobs.GetBlobContainerClient("detections").GetBlobClient($"images/{Image}.json");
        await Poll.UntilAsync(async () => (await record.ExistsAsync(Token)).Value, "the record is there", Token, seconds: 60);
        using var json = JsonDocument.Parse((await record.DownloadContentAsync(Token)).Value.Content);
        var error = json.RootElement.GetProperty("error");
        Assert.Equal("poison", error.GetProperty("code").GetString());
        return error.GetProperty("message").GetString()!;
    }
}
