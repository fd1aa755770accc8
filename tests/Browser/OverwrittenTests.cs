using System.Net;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Images that were overwritten after they were detected: nobody sees the boxes of one content over another one.</summary>
[Collection("One page at a time")]
public sealed class OverwrittenTests(RunningApp app, Chromium chromium)
{
    private static readonly HttpClient Http = new();

    // The grid's small picture is of 160 pixels, as the image was; what is there now is larger.
    private static readonly byte[] Later = TestImages.Rectangle(320, 240, new Rect(10, 10, 100, 50), new Bgr(255, 0, 0), ".png");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Image_OverwrittenSince_IsShownAsItWasDetected(bool isRead)
    {
        var name = $"overwritten{isRead}/0000.png";
        var job = await app.DetectAsync($"overwritten{isRead}/", [(name, ViewerTests.Pictures("x", 1).Single().Bytes)]);
        await using var page = await chromium.OpenAsync();
        if (isRead)
        {
            await page.GoAsync(app.Address, $"#/results?job={job}");
            await page.UntilAsync("document.querySelectorAll('.tile.loaded').length === 1", "the small picture is made");
            await page.Page.GoToAsync("about:blank");
        }

        await app.Deployment.Images.UploadAsync([(name, Later)]);
        await page.GoAsync(app.Address, $"#/results?job={job}&image=images%2F{Uri.EscapeDataString(name)}");

        await page.UntilAsync(
            "document.querySelector('.stage-message')?.innerText.includes('overwritten after')", "the page says that it was overwritten");
        if (isRead)
        {
            await page.UntilAsync("document.querySelector('.detail .stage img').naturalWidth === 160", "the small picture is shown");
        }

        Assert.NotEqual(
            320, await page.Page.EvaluateExpressionAsync<int>("document.querySelector('.detail .stage img').naturalWidth"));
    }

    [Theory]
    [InlineData("api/images")]
    [InlineData("api/images/content")]
    [InlineData("api/thumbnails")]
    public async Task View_ImageOfAJobOverwrittenSince_IsNotTakenForWhatItWas(string path)
    {
        var name = $"viewed{path.Length}/0000.png";
        var job = await app.DetectAsync($"viewed{path.Length}/", [(name, ViewerTests.Pictures("x", 1).Single().Bytes)]);
        var blob = app.Deployment.Blobs.GetBlobContainerClient("images").GetBlobClient(name);
        var etag = (await blob.GetPropertiesAsync(cancellationToken: App.Cancellation)).Value.ETag.ToString().Trim('"');
        await using var server = await ViewServer.StartAsync(
            await StoredJob.OpenAsync(new Cli.Cloud.CloudStorage(app.Deployment.ConnectionString), job, "--job", App.Cancellation),
            before: null,
            port: 0,
            App.Cancellation);
        var address = new Uri(server.Page, $"/{path}?container=images&name={name}&etag={etag}");
        using var before = await Http.GetAsync(address, App.Cancellation);
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        await app.Deployment.Images.UploadAsync([(name, Later)]);
        using var after = await Http.GetAsync(address, App.Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
        Assert.Contains("\"blob_changed\"", await after.Content.ReadAsStringAsync(App.Cancellation), StringComparison.Ordinal);
    }

    /// <summary>A file has no ETag: what the page asks for by one may be another picture tomorrow.</summary>
    [Fact]
    public async Task View_FilesOfAFolder_AreNotKeptByTheBrowser()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-files-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "a.png"), Later, App.Cancellation);
            await File.WriteAllBytesAsync(
                Path.Combine(folder.FullName, "all.ndjson"),
                [.. Compared.Result("a.png", "0x1").ToUtf8Json(), (byte)'\n'],
                App.Cancellation);
            await using var server = await ViewServer.StartAsync(
                await FolderResults.ReadAsync(folder.FullName, images: null, App.Cancellation), before: null, port: 0, App.Cancellation);
            using var answer = await Http.GetAsync(new Uri(server.Page, "/api/images/content?name=a.png&etag=0x1"), App.Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(answer.Headers.CacheControl!.NoCache, $"Expected no-cache, found {answer.Headers.CacheControl}.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
