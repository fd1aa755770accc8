using System.Collections.Concurrent;
using System.Net;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Viewer;
using PuppeteerSharp;
using PuppeteerSharp.Input;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Photos that are tried one after the other, with answers that come late or never.</summary>
[Collection("One page at a time")]
public sealed class TryTests(RunningApp app, Chromium chromium)
{
    private const string Late =
        """
        {"image":{"width":160,"height":120},"model":{"name":"late","version":"1"},"provider":"CPU","timings":{"inferenceMs":1},
         "detections":[{"classId":0,"className":"late","score":0.9,"box":{"x":1,"y":1,"width":9,"height":9}}]}
        """;

    [Fact]
    public async Task Try_PhotoDropped_ShowsItsBoxes()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        await page.Page.WaitForSelectorAsync(".drop");
        var photo = Convert.ToBase64String(ViewerTests.Pictures("x", 1).Single().Bytes);
        await page.Page.EvaluateFunctionAsync(
            """
            async photo => {
              const data = new DataTransfer();
              const bytes = Uint8Array.from(atob(photo), letter => letter.charCodeAt(0));
              data.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
              const drop = document.querySelector('.drop');
              for (const type of ['dragover', 'drop']) {
                const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
                if (drop.dispatchEvent(event)) throw new Error(`${type} was left to the browser, which would open the file`);
                if (drop.classList.contains('over') !== (type === 'dragover')) throw new Error(`${type} is not shown`);
              }
            }
            """,
            photo);

        await page.UntilAsync("document.querySelectorAll('.found tbody tr').length > 0", "the table has what was found");
        Assert.Equal("dropped.png", await page.TextAsync(".tried h2"));
        page.HasNoComplaint();
    }

    /// <summary>With two roles, the page is the coordinator's, which has no model.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Try_OfAnAppThatCannotDetect_IsNotOffered(bool canDetect)
    {
        await using var page = await chromium.OpenAsync();
        await page.AnswerAsync(async request =>
        {
            if (!request.Url.EndsWith("/api/viewer/config.json", StringComparison.Ordinal))
            {
                return false;
            }

            var body = ViewerConfig.OfApp(canDetect, ["csv"], ["poison"]).ToArray();
            await request.RespondAsync(new ResponseData { Status = HttpStatusCode.OK, ContentType = "application/json", BodyData = body });
            return true;
        });
        await page.GoAsync(app.Address, "#/models");
        await page.UntilAsync("document.querySelector('.model-table .current')", "the models are there");

        Assert.Equal(canDetect ? 1 : 0, await page.CountAsync("#nav a[data-view=try]"));
        Assert.Equal(canDetect ? 1 : 0, await page.CountAsync(".model-table .current a"));
    }

    [Fact]
    public async Task Try_AnswersLateOrNever_ShowsWhatWasAskedForLast()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-try-");
        try
        {
            var files = new List<string>();
            foreach (var (name, bytes) in ViewerTests.Pictures("try", 2))
            {
                files.Add(Path.Combine(folder.FullName, Path.GetFileName(name)));
                await File.WriteAllBytesAsync(files[^1], bytes, App.Cancellation);
            }

            files.Add(Path.Combine(folder.FullName, "bad.png"));
            await File.WriteAllTextAsync(files[^1], "no image", App.Cancellation);
            var (asked, release) = (new ConcurrentQueue<string>(), new TaskCompletionSource());
            await using var page = await chromium.OpenAsync();
            await page.AnswerAsync(async request =>
            {
                if (!request.Url.Contains("/api/detect?", StringComparison.Ordinal))
                {
                    return false;
                }

                asked.Enqueue(new Uri(request.Url).Query);
                if (!request.Url.Contains("score=0.5", StringComparison.Ordinal))
                {
                    return false;
                }

                await release.Task;
                await request.RespondAsync(new ResponseData { Status = HttpStatusCode.OK, ContentType = "application/json", Body = Late });
                return true;
            });
            await page.GoAsync(app.Address, "#/try");
            var input = await page.Page.WaitForSelectorAsync("#file");
            await input.UploadFileAsync(files[0]);
            await page.UntilAsync("document.querySelectorAll('.strip li').length === 1", "the photo is there");
            await page.UntilAsync("(image => image.complete && image.naturalWidth === 160)(document.querySelector('.stage img'))", "the photo is shown");

            // Two quick clicks on a button are no double click on the image, which fits it.
            await page.DrawnAsync();
            await page.Page.ClickAsync("[aria-label='Zoom in']", new ClickOptions { Count = 2 });
            var scale = await page.Page.EvaluateExpressionAsync<double>(
                "new DOMMatrix(getComputedStyle(document.querySelector('.stage')).transform).a");
            Assert.True(scale > 1.3, $"Expected a larger image, found it at a scale of {scale}.");

            // The answer to the score before comes after that to the score now.
            await page.SlideAsync("#try-score", 0.5);
            await page.SlideAsync("#try-score", 0.7);
            await page.UntilAsync("document.querySelector('.tried > .muted').innerText.includes('test-plus')", "the newer answer is shown");
            var answered = page.Page.WaitForResponseAsync(answer => answer.Url.Contains("score=0.5", StringComparison.Ordinal));
            release.SetResult();
            await answered;
            await page.DrawnAsync();
            Assert.Contains("test-plus", await page.TextAsync(".tried > .muted"), StringComparison.Ordinal);
            Assert.DoesNotContain("late", await page.TextAsync(".found"), StringComparison.Ordinal);

            // A file that fails has no picture, and not that of the file before.
            await input.UploadFileAsync(files[1], files[2]);
            await page.UntilAsync("document.querySelector('.note.error')", "the page says that one fails");
            Assert.Equal(await page.TextAsync(".note.error span"), await page.TextAsync(".tried > .muted"));
            Assert.Equal("bad.png", await page.TextAsync(".tried h2"));
            Assert.False(await page.Page.EvaluateExpressionAsync<bool>("document.querySelector('.picture-view').checkVisibility()"));
            Assert.Equal(2, await page.CountAsync(".strip li"));

            // Another score, and back to the first one: it is detected again.
            await page.SlideAsync("#try-score", 0.6);
            await page.UntilAsync("document.querySelector('.picture-view').checkVisibility()", "the second photo is shown");
            asked.Clear();
            await page.ClickAsync(".strip [aria-label='Show 0000.png']");
            await page.UntilAsync(
                "document.querySelector('.tried h2').innerText === '0000.png' && document.querySelector('.tried > .muted').innerText.includes('ms')",
                "the first photo is shown");
            Assert.Contains("score=0.6&name=0000.png", Assert.Single(asked), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
