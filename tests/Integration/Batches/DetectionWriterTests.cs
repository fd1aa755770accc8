using System.Text;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Integration.Tests.Batches;

public sealed class DetectionWriterTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_Replayed_WritesTheSameBytes()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png", "no image"u8.ToArray()));
        var detected = (await app.ProcessAsync(batch))!;

        // A coordinator that dies between writing and clearing: its successor finds the staging blob again.
        var staging = app.Staging.GetBlobClient(detected.StagingBlob);
        var content = (await staging.DownloadContentAsync(Token)).Value.Content;
        var counts = await app.WriteAsync(batch, detected);
        var first = await ContentsAsync(app);
        await staging.UploadAsync(content, overwrite: true, Token);

        Assert.Equal(counts, await app.WriteAsync(batch, detected));
        Assert.Equal(first, await ContentsAsync(app));

        // And one that dies after clearing finds nothing, and still knows the counts.
        Assert.Equal(counts, await app.WriteAsync(batch, detected));
        Assert.Equal(new BatchCounts(1, 1, 0), counts);
        Assert.Equal(first, await ContentsAsync(app));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
    }

    [Fact]
    public async Task Write_StorageOperations_AreCounted()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        const int Count = 16;
        var images = new List<ImageMessage>();
        for (var i = 0; i < Count; i++)
        {
            images.Add(await app.UploadAsync($"{i}.png"));
        }

        var before = fixture.Azurite.Requests;
        var batch = await app.ListAsync(images);
        await app.RunAsync(batch);

        // List 1; look for staging 1, read the list 1, stage 1; read staging 1, clear 2; for each image: look up, read, write.
        // Other tests run at the same time on the same Azurite, so this only reports; the order of magnitude is in the note.
        TestContext.Current.TestOutputHelper?.WriteLine($"{fixture.Azurite.Requests - before} operations for {Count} images");
        Assert.True(fixture.Azurite.Requests - before >= 7 + (3 * Count));
    }

    private static async Task<string> ContentsAsync(TestApp app)
    {
        var text = new StringBuilder();
        foreach (var name in (await TestApp.ListBlobsAsync(app.Detections)).Keys)
        {
            text.AppendLine(name).AppendLine((await app.Detections.GetBlobClient(name).DownloadContentAsync(Token)).Value.Content.ToString());
        }

        return text.ToString();
    }
}
