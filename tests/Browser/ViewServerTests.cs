using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary><c>nanodet view</c>: the same page over a folder or a job, without any app.</summary>
[Collection("One page at a time")]
public sealed class ViewServerTests(RunningApp app, Chromium chromium)
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task View_Folder_ShowsItsResultsAndImages()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            await WriteAsync(folder, "view/");
            await using var server = await ViewAsync(folder);
            await using var page = await chromium.OpenAsync();
            await page.Page.GoToAsync(server.Page.AbsoluteUri);
            await page.UntilAsync("document.querySelectorAll('.tile.loaded').length === 6", "every image is shown");
            await page.Page.EvaluateExpressionAsync("document.querySelector('.tile').click()");
            await page.UntilAsync("document.querySelector('.detail .stage img')?.naturalWidth === 160", "the image itself is shown");
            await page.Page.Keyboard.PressAsync("Escape");

            // Nothing that changes anything is offered.
            Assert.Equal("Results\nFailures", await page.TextAsync("#nav"));
            await page.KeepPictureAsync("view");
            page.HasNoComplaint();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Two folders over the same photos, as two models leave them.</summary>
    [Fact]
    public async Task View_FolderComparedWithAnother_ShowsWhatDiffers()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            await WriteAsync(folder, "view/");
            await WriteOtherAsync(folder);
            await using var server = await ViewServer.StartAsync(
                await FolderResults.ReadAsync(Path.Combine(folder.FullName, "results"), folder, App.Cancellation),
                await FolderResults.ReadAsync(Path.Combine(folder.FullName, "other"), folder, App.Cancellation),
                port: 0,
                App.Cancellation);
            await using var page = await chromium.OpenAsync();
            await page.Page.GoToAsync(server.Page.AbsoluteUri);
            await page.UntilAsync("document.querySelectorAll('.tile.loaded').length === 6", "the folder's own results are shown");
            Assert.Equal("Results\nFailures\nCompare", await page.TextAsync("#nav"));

            await page.ClickAsync("#nav a[data-view=compare]");
            await page.UntilAsync("document.querySelectorAll('.pair').length === 1", "the one image that differs is shown");
            Assert.Equal(
                "1 of 6 images differ. test-plus 1 → test-plus 1, test-plus 2",
                Regex.Replace(await page.TextAsync(".compare-page > .muted"), @"test-plus (?!2\b)[0-9a-z]+", "test-plus 1"));
            Assert.StartsWith("view/0002.png", await page.TextAsync(".pair-head"), StringComparison.Ordinal);
            await page.UntilAsync("document.querySelectorAll('.sum.lost b')[0].innerText !== '0'", "objects are lost");
            await page.UntilAsync(
                "[...document.querySelectorAll('.pair img')].every(image => image.naturalWidth === 160)", "both are shown");
            Assert.Equal(
                [Path.Combine(folder.FullName, "other"), Path.Combine(folder.FullName, "results")],
                await page.Page.EvaluateExpressionAsync<string[]>(
                    "[...document.querySelectorAll('select')].map(select => select.selectedOptions[0].innerText)"));

            // Each side leads to its own results.
            await page.ClickAsync(".pair .side-picture:nth-child(1)");
            await page.UntilAsync("document.querySelector('.detail[open] .stage img')?.naturalWidth === 160", "the image is shown large");
            Assert.NotEqual("0 objects", await page.TextAsync(".detail .side .muted"));
            await page.Page.Keyboard.PressAsync("Escape");
            await page.UntilAsync("!document.querySelector('.detail[open]')", "the image is closed");
            await page.ClickAsync("#nav a[data-view=compare]");
            await page.ClickAsync(".pair .side-picture:nth-child(2)");
            await page.UntilAsync("document.querySelector('.detail[open] .side .muted')?.innerText === '0 objects'", "the other has none");
            page.HasNoComplaint();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task View_JobComparedWithAnother_ShowsWhatDiffers()
    {
        var before = await app.DetectAsync("viewjobs/", ViewerTests.Pictures("viewjobs", 3));
        var after = await app.DetectAsync("viewjobs/", [], new { classes = new[] { "red" } });
        var storage = new Cli.Cloud.CloudStorage(app.Deployment.ConnectionString);
        await using var server = await ViewServer.StartAsync(
            await StoredJob.OpenAsync(storage, after, "--job", App.Cancellation),
            await StoredJob.OpenAsync(storage, before, "--compare", App.Cancellation),
            port: 0,
            App.Cancellation);
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelectorAll('.pair').length === 1", "the green image differs");
        Assert.StartsWith("1 of 3 images differ.", await page.TextAsync(".compare-page > .muted"), StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    [Fact]
    public async Task View_Job_ShowsItFromStorage()
    {
        var job = await app.DetectAsync("viewjob/", ViewerTests.Pictures("viewjob", 5));
        var storage = new Cli.Cloud.CloudStorage(app.Deployment.ConnectionString);
        await using var server = await ViewServer.StartAsync(
            await StoredJob.OpenAsync(storage, job, "--job", App.Cancellation), before: null, port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync();
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelectorAll('.tile.loaded').length === 5", "every image is shown");
        await page.Page.EvaluateExpressionAsync("document.querySelector('.tile').click()");
        await page.UntilAsync("document.querySelector('.detail .stage img')?.naturalWidth === 160", "the image itself is shown");
        page.HasNoComplaint();
    }

    /// <summary>As the app does: the longest name that a blob can have.</summary>
    [Fact]
    public async Task View_NameAsLongAsItMayBe_HasItsPicture()
    {
        var name = $"viewlong/{new string('字', 1011)}.png";
        var job = await app.DetectAsync("viewlong/", [(name, ViewerTests.Pictures("x", 1).Single().Bytes)]);
        await using var server = await ViewServer.StartAsync(
            await StoredJob.OpenAsync(new Cli.Cloud.CloudStorage(app.Deployment.ConnectionString), job, "--job", App.Cancellation),
            before: null,
            port: 0,
            App.Cancellation);
        using var answer = await Http.GetAsync(
            new Uri(server.Page, $"/api/thumbnails?container=images&name={Uri.EscapeDataString(name)}"), App.Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var refused = await Http.GetAsync(new Uri(server.Page, $"/api/thumbnails?name={new string('x', 20_000)}"), App.Cancellation);
        Assert.Equal(HttpStatusCode.RequestUriTooLong, refused.StatusCode);
        Assert.Contains("uri_too_long", await refused.Content.ReadAsStringAsync(App.Cancellation), StringComparison.Ordinal);
    }

    /// <summary>Results that came out of storage: their names have a prefix that the folder's files do not have.</summary>
    [Theory]
    [InlineData("cli/1/a.png", true, true)]
    [InlineData("cli/1/b/c.png", true, true)]
    [InlineData("cli/1/twice.png", true, false)]
    [InlineData("cli/1/a.png", false, false)]
    public async Task View_ImagesOfNamesWithAPrefix_AreFoundUnlessAnotherResultEndsSo(string name, bool isNamed, bool isFound)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            foreach (var file in (string[])["a.png", "b/c.png", "twice.png"])
            {
                var image = new FileInfo(Path.Combine(folder.FullName, "photos", file));
                image.Directory!.Create();
                await File.WriteAllBytesAsync(image.FullName, [1], App.Cancellation);
            }

            await File.WriteAllLinesAsync(
                Path.Combine(folder.FullName, "all.ndjson"),
                new[] { "cli/1/a.png", "cli/1/b/c.png", "cli/1/twice.png", "cli/2/twice.png" }.Select(one => Encoding.UTF8.GetString(
                    DetectionResult.CreateFailure(
                        new DetectionError("image_empty", "x"), new ImageReference("images", one, "0x1", 0), DateTime.UnixEpoch).ToUtf8Json())),
                App.Cancellation);
            var photos = new DirectoryInfo(Path.Combine(folder.FullName, "photos"));
            var results = await FolderResults.ReadAsync(folder.FullName, isNamed ? photos : null, App.Cancellation);

            Assert.Equal(isFound, await results.FindImageAsync("images", name, etag: null, App.Cancellation) is not null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What follows two slashes would be a path from the root, wherever the folder of images is.</summary>
    [Fact]
    public async Task View_NameWithAPathFromTheRootInIt_ReadsNothing()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            var secret = Path.Combine(folder.FullName, "secret.png");
            await File.WriteAllBytesAsync(secret, [1], App.Cancellation);
            var photos = folder.CreateSubdirectory("photos");
            var name = $"a/{secret}";
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, "all.ndjson"),
                Encoding.UTF8.GetString(DetectionResult.CreateFailure(
                    new DetectionError("image_empty", "x"), new ImageReference("images", name, "0x1", 0), DateTime.UnixEpoch).ToUtf8Json()),
                App.Cancellation);
            var results = await FolderResults.ReadAsync(folder.FullName, photos, App.Cancellation);

            Assert.Null(await results.FindImageAsync("images", name, etag: null, App.Cancellation));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("api/images/content?name=../secret.txt")]
    [InlineData("api/images/content?name=secret.txt")]
    [InlineData("api/thumbnails?name=%2Fetc%2Fpasswd")]
    public async Task View_FileThatNoResultNames_IsNotRead(string path)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            await WriteAsync(folder, "view/");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "secret.txt"), "secret", App.Cancellation);
            await using var server = await ViewAsync(folder);
            using var answer = await Http.GetAsync(new Uri(server.Page, $"/{path}"), App.Cancellation);

            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task View_PageOfAnotherHost_IsRefused()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            await WriteAsync(folder, "view/");
            await using var server = await ViewAsync(folder);
            using var rebound = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Page, "/api/results"));
            rebound.Headers.Host = "evil.example";
            using var foreign = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Page, "/api/results"));
            foreign.Headers.Add("Origin", "https://evil.example");
            using var change = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Page, "/api/jobs"));

            using var first = await Http.SendAsync(rebound, App.Cancellation);
            using var second = await Http.SendAsync(foreign, App.Cancellation);
            using var third = await Http.SendAsync(change, App.Cancellation);
            Assert.Equal(HttpStatusCode.BadRequest, first.StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, second.StatusCode);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, third.StatusCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<ViewServer> ViewAsync(DirectoryInfo folder) => await ViewServer.StartAsync(
        await FolderResults.ReadAsync(Path.Combine(folder.FullName, "results"), folder, App.Cancellation),
        before: null,
        port: 0,
        App.Cancellation);

    /// <summary>The same results in <c>other</c>, but for one that another model made, which found nothing.</summary>
    private static async Task WriteOtherAsync(DirectoryInfo folder)
    {
        var from = Path.Combine(folder.FullName, "results", "view");
        var to = folder.CreateSubdirectory("other/view");
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to.FullName, Path.GetFileName(file)));
        }

        var changed = Path.Combine(from, "0002.png.json");
        var result = JsonNode.Parse(await File.ReadAllTextAsync(changed, App.Cancellation))!;
        result["detections"] = new JsonArray();
        result["model"]!["version"] = "2";
        await File.WriteAllTextAsync(changed, result.ToJsonString(), App.Cancellation);
    }

    /// <summary>Images and, in <c>results</c>, what the app found on them.</summary>
    private async Task WriteAsync(DirectoryInfo folder, string prefix)
    {
        foreach (var (name, bytes) in ViewerTests.Pictures(prefix.TrimEnd('/'), 6))
        {
            var file = new FileInfo(Path.Combine(folder.FullName, name));
            file.Directory!.Create();
            await File.WriteAllBytesAsync(file.FullName, bytes, App.Cancellation);
            var (_, result) = await app.App.SendAsync(
                HttpMethod.Post, $"api/detect?name={Uri.EscapeDataString(name)}", new ByteArrayContent(bytes));
            var target = new FileInfo(Path.Combine(folder.FullName, "results", $"{name}.json"));
            target.Directory!.Create();
            await File.WriteAllTextAsync(target.FullName, result.GetRawText(), App.Cancellation);
        }
    }
}
