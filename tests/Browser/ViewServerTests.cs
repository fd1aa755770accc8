using System.Net;
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

    [Fact]
    public async Task View_Job_ShowsItFromStorage()
    {
        var job = await app.DetectAsync("viewjob/", ViewerTests.Pictures("viewjob", 5));
        var storage = new Cli.Cloud.CloudStorage(app.Deployment.ConnectionString);
        await using var server = await ViewServer.StartAsync(
            await StoredJob.OpenAsync(storage, job, App.Cancellation), port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync();
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelectorAll('.tile.loaded').length === 5", "every image is shown");
        await page.Page.EvaluateExpressionAsync("document.querySelector('.tile').click()");
        await page.UntilAsync("document.querySelector('.detail .stage img')?.naturalWidth === 160", "the image itself is shown");
        page.HasNoComplaint();
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
        await FolderResults.ReadAsync(Path.Combine(folder.FullName, "results"), folder, App.Cancellation), port: 0, App.Cancellation);

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
