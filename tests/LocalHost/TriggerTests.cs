using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;
using Nanodet.Serverless.LocalHost.Functions;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class TriggerTests(StorageFixture storage)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queue_Message_ReachesFunctionAndOutputQueue()
    {
        var host = await storage.SharedHostAsync();
        var message = StorageFixture.NewName();

        await storage.SendAsync($"{storage.Prefix}-in", message);

        var copied = await storage.ReceiveAsync($"{storage.Prefix}-copied", text => text.StartsWith(message, StringComparison.Ordinal));
        Assert.Equal($"{message}|1|{host.WorkerProcessId}", copied);
    }

    [Fact]
    public async Task Queue_MessageEncodingNone_HandsTheTextOverAsItIs()
    {
        var prefix = StorageFixture.NewName();
        await using var host = await storage.StartAsync(
            prefix, ("AzureFunctionsJobHost__extensions__queues__messageEncoding", "none"));
        var queue = new QueueClient(storage.Azurite.ConnectionString, $"{prefix}-in");
        await queue.CreateIfNotExistsAsync(cancellationToken: Cancelled);

        // Text that is no base64, and base64 that stays what it is.
        string[] texts = ["""{ "name": "ü" }""", Convert.ToBase64String("text"u8)];
        foreach (var text in texts)
        {
            await queue.SendMessageAsync(text, Cancelled);
        }

        // What a function sends is encoded as the setting says, too.
        var copied = new QueueClient(storage.Azurite.ConnectionString, $"{prefix}-copied");
        await copied.CreateIfNotExistsAsync(cancellationToken: Cancelled);
        var received = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                received.AddRange((await copied.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(5), Cancelled)).Value
                    .Select(message => message.Body.ToString()));
                return texts.All(text => received.Exists(message => message.StartsWith($"{text}|1|", StringComparison.Ordinal)));
            },
            "both texts reach the function as they are");
    }

    [Fact]
    public async Task Queue_JsonMessageToArray_WritesOneMessageForEachElement()
    {
        await storage.SharedHostAsync();

        await storage.SendAsync($"{storage.Prefix}-orders", """{"Id":"A7","Amount":3}""");

        foreach (var part in (string[])["A7/1", "A7/2", "A7/3"])
        {
            await storage.ReceiveAsync($"{storage.Prefix}-parts", text => text == part);
        }
    }

    [Fact]
    public async Task Queue_JsonMessageToBlobOutput_ResolvesPathFromMessage()
    {
        await storage.SharedHostAsync();
        var container = storage.Blobs.GetBlobContainerClient($"{storage.Prefix}-archive");
        await container.CreateIfNotExistsAsync(cancellationToken: Cancelled);

        await storage.SendAsync($"{storage.Prefix}-archive", """{"Id":"B9","Amount":12}""");

        // The engine makes the blob first and commits its content when the function has returned.
        var blob = container.GetBlobClient("B9.txt");
        await Eventually.TrueAsync(
            async () => await blob.ExistsAsync(Cancelled)
                && (await blob.DownloadContentAsync(Cancelled)).Value.Content.ToString() == "amount 12",
            "B9.txt is written");
    }

    [Fact]
    public async Task Queue_FunctionAlwaysThrows_MovesMessageToPoisonQueueAfterMaxDequeueCount()
    {
        await storage.SharedHostAsync();
        var message = StorageFixture.NewName();

        await storage.SendAsync($"{storage.Prefix}-broken", message);

        await storage.ReceiveAsync($"{storage.Prefix}-broken-poison", text => text == message);
        Assert.Equal(3, storage.Logs.Lines.Count(line =>
            line.Contains("Executed 'Broken' (Failed", StringComparison.Ordinal) && line.Contains($"cannot do {message}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Blob_UploadedToScannedContainer_ReachesFunctionAsClient()
    {
        await storage.SharedHostAsync();

        var name = await UploadAsync("scanned", 12345);

        await storage.ReceiveAsync($"{storage.Prefix}-blobs", text => text == $"scanned {name} 12345");
    }

    [Fact]
    public async Task Blob_AnnouncedByEventGrid_ReachesFunctionAsBytes()
    {
        var host = await storage.SharedHostAsync();
        var name = await UploadAsync("announced", 777);
        var blob = storage.Blobs.GetBlobContainerClient($"{storage.Prefix}-announced").GetBlobClient(name);
        var properties = await blob.GetPropertiesAsync(cancellationToken: Cancelled);
        var happened = new
        {
            id = Guid.NewGuid(),
            eventType = "Microsoft.Storage.BlobCreated",
            subject = $"/blobServices/default/containers/{blob.BlobContainerName}/blobs/{name}",
            topic = "/subscriptions/none",
            eventTime = properties.Value.CreatedOn,
            dataVersion = "1",
            data = new { url = blob.Uri, eTag = properties.Value.ETag.ToString().Trim('"'), contentLength = 777, blobType = "BlockBlob", api = "PutBlob" },
        };
        using var client = new HttpClient { BaseAddress = host.Address };
        using var content = new StringContent(JsonSerializer.Serialize(new[] { happened }), Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/runtime/webhooks/blobs?functionName=Host.Functions.Announced&code=any");
        request.Content = content;
        request.Headers.Add("aeg-event-type", "Notification");

        using var response = await client.SendAsync(request, Cancelled);

        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        await storage.ReceiveAsync($"{storage.Prefix}-blobs", text => text == $"announced {name} 777");
    }

    [Fact]
    public async Task Timer_RunOnStartup_RunsAndKeepsItsScheduleInStorage()
    {
        await storage.SharedHostAsync();

        await storage.ReceiveAsync($"{storage.Prefix}-ticks", text => text.StartsWith("False|", StringComparison.Ordinal));

        var status = storage.Blobs.GetBlobContainerClient("azure-webjobs-hosts")
            .GetBlobClient($"timers/{storage.Prefix}/Host.Functions.Yearly/status");
        await Eventually.TrueAsync(async () => await status.ExistsAsync(Cancelled), "the timer's status is stored");
        var content = await status.DownloadContentAsync(Cancelled);
        Assert.Contains("\"Next\":", content.Value.Content.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timer_PastDue_RunsAfterTheStartAndNotInIt()
    {
        var prefix = StorageFixture.NewName();
        var file = Path.Combine(Path.GetTempPath(), prefix);
        var year = TimeProvider.System.GetUtcNow().Year;
        var hosts = storage.Blobs.GetBlobContainerClient("azure-webjobs-hosts");
        await hosts.CreateIfNotExistsAsync(cancellationToken: Cancelled);
        await hosts.GetBlobClient($"timers/{prefix}/Host.Functions.Overdue/status").UploadAsync(
            BinaryData.FromString($$"""{"Last":"{{year - 1}}-01-01T00:00:00Z","Next":"{{year}}-01-01T00:00:00Z","LastUpdated":"{{year - 1}}-01-01T00:00:00Z"}"""),
            Cancelled);

        // The function ends when the file is there, and nobody makes it before the start is over.
        await using var host = await storage.StartAsync(prefix, ("OverdueFile", file));
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists($"{file}.started")), "what was missed runs");
        using var client = new HttpClient { BaseAddress = host.Address };
        using var answer = await client.GetAsync("/api/people/Ada", Cancelled);
        Assert.True(answer.IsSuccessStatusCode);

        await File.WriteAllTextAsync(file, "", Cancelled);
        await Eventually.TrueAsync(
            () => Task.FromResult(storage.Logs.Lines.Any(line => line.Contains("Executed 'Overdue' (Succeeded", StringComparison.Ordinal))), "it ends");
        File.Delete(file);
        File.Delete($"{file}.started");
    }

    [Theory]
    [InlineData("0 0 2 * * *", "2026-01-31T15:30:00Z", "2026-02-01T02:00:00Z")]
    [InlineData("30 4 * * *", "2026-01-31T15:30:00Z", "2026-02-01T04:30:00Z")]
    [InlineData("0 */15 * * * *", "2026-01-31T15:30:00Z", "2026-01-31T15:45:00Z")]
    public async Task Timer_MachineInTokyo_IsReadInUtc(string expression, string now, string expected)
    {
        Assert.SkipUnless(File.Exists("/usr/share/zoneinfo/Asia/Tokyo"), "This machine knows no time zones (/usr/share/zoneinfo).");

        Assert.Equal($"{expected} +09:00:00", await NextRun.AskAsync("Asia/Tokyo", expression, now));
    }

    [Theory]
    [InlineData("*/5 * * * * *", true)]
    [InlineData("0 * * * * *", false)]
    [InlineData("0 0 2 * * *", false)]
    [InlineData("00:05:00", null)]
    [InlineData("0 0 99 * * *", null)]
    public void AreFrequent_Expression_SaysWhetherAStatusIsKept(string expression, bool? expected) =>
        Assert.Equal(expected, UtcTimes.Parse(expression)?.AreFrequent);

    [Fact]
    public async Task Timer_CalledByAdmin_RunsOnceMore()
    {
        var prefix = StorageFixture.NewName();
        await using var host = await storage.StartAsync(prefix);
        await storage.ReceiveAsync($"{prefix}-ticks", text => text.StartsWith("False|", StringComparison.Ordinal));
        using var client = new HttpClient { BaseAddress = host.Address };

        using var timer = await client.PostAsJsonAsync("/admin/functions/Yearly", new { }, Cancelled);
        using var queue = await client.PostAsJsonAsync("/admin/functions/Copy", new { input = "by hand" }, Cancelled);
        using var orchestration = await client.PostAsJsonAsync("/admin/functions/FanOut", new { }, Cancelled);
        using var unknown = await client.PostAsJsonAsync("/admin/functions/Nobody", new { }, Cancelled);

        Assert.Equal(HttpStatusCode.Accepted, timer.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, orchestration.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        await storage.ReceiveAsync($"{prefix}-copied", text => text.StartsWith("by hand|", StringComparison.Ordinal));
        var ticks = await storage.QueueAsync($"{prefix}-ticks");
        await Eventually.TrueAsync(async () => (await ticks.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount == 2, "a second tick");
    }

    private async Task<string> UploadAsync(string container, int length)
    {
        var client = storage.Blobs.GetBlobContainerClient($"{storage.Prefix}-{container}");
        await client.CreateIfNotExistsAsync(cancellationToken: Cancelled);
        var name = $"{Guid.NewGuid():N}.bin";
        await client.UploadBlobAsync(name, new BinaryData(new byte[length]), Cancelled);
        return name;
    }
}
