using System.Text;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Failures on the page: by code, and tried again.</summary>
[Collection("One page at a time")]
public sealed class FailureTests(RunningApp app, Chromium chromium)
{
    /// <summary>Each code has its button. What cannot get better is forced by its own one only.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failures_OfSeveralCodes_AreTriedAgainByCode(bool isOfJob)
    {
        var folder = $"codes{isOfJob}/";
        var good = ViewerTests.Pictures("codes", 1).Single().Bytes;
        var bad = good[..(good.Length / 2)];
        await app.Deployment.Images.UploadAsync([($"{folder}a.png", good), ($"{folder}b.png", bad), ($"{folder}c.png", bad)]);
        var job = await app.App.StartJobAsync(new { images = new[] { "a", "b", "c", "gone" }.Select(name => $"{folder}{name}.png") });
        await app.App.JobEndsAsync(job);
        await app.Deployment.Images.UploadAsync([($"{folder}gone.png", good)]);
        var view = isOfJob ? $"#/failures?job={job}" : $"#/failures?prefix={folder}";
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, view);
        await page.UntilAsync("document.querySelectorAll('.group button').length === 2", "both codes have a button");
        await page.Page.EvaluateExpressionAsync("document.querySelectorAll('.group').forEach(group => { group.open = true; })");
        Assert.Equal("Try 1 again", await page.TextAsync(".page .primary"));
        Assert.Equal("Try 1 again", await page.TextAsync("button[data-code=blob_not_found]"));
        Assert.Equal("Try 2 anyway", await page.TextAsync("button[data-code=image_truncated]"));
        Assert.StartsWith("2 of them cannot get better", await page.TextAsync(".page .hint"), StringComparison.Ordinal);
        Assert.Equal(
            ["image_truncated"],
            await page.Page.EvaluateExpressionAsync<string[]>(
                "[...document.querySelectorAll('.final')].map(badge => badge.parentElement.querySelector('code').innerText)"));

        // By code, forced: two images, and both fail again.
        await page.ClickAsync("button[data-code=image_truncated]");
        await EndsAsync(page, "2 of 2", "2 failed");

        // All that may get better: the one that is there now, and neither of the others.
        await page.GoAsync(app.Address, view);
        await page.UntilAsync("document.querySelector('.groups button[data-code=blob_not_found]')", "the failures are shown again");
        await page.ClickAsync(".page .primary");
        await EndsAsync(page, "1 of 1", "0 failed");
        page.HasNoComplaint();
    }

    /// <summary>Every code that a record can have is explained where failures are shown.</summary>
    [Fact]
    public void Failures_OfEveryCode_HaveTheirExplanation()
    {
        var text = Encoding.UTF8.GetString(ViewerFiles.Find("failures.js")!.Content.Span);
        Assert.All(ImageErrorCodes.All.Concat(FailureCodes.All), code => Assert.Contains($"\n  {code}: '", text, StringComparison.Ordinal));
    }

    private static async Task EndsAsync(BrowserPage page, params string[] numbers)
    {
        await page.UntilAsync(
            "document.querySelector('.job.marked .state')?.dataset.state === 'completed'", "the new job is at its end", 60);
        var found = await page.TextAsync(".job.marked .numbers");
        Assert.All(numbers, number => Assert.Contains(number, found, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failures_RepairedAndTriedAgain_AreGone()
    {
        var good = ViewerTests.Pictures("broken", 1).Single().Bytes;
        var job = await app.DetectAsync(
            "broken/", [("broken/a.png", good), ("broken/b.png", good[..(good.Length / 2)]), ("broken/c.jpg", [])]);
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, $"#/failures?job={job}");
        await page.UntilAsync("document.querySelectorAll('.group').length === 2", "both codes are shown");
        Assert.Contains("image_truncated", await page.TextAsync(".groups"), StringComparison.Ordinal);
        Assert.Contains("image_empty", await page.TextAsync(".groups"), StringComparison.Ordinal);
        await page.KeepPictureAsync("failures");

        await app.Deployment.Images.UploadAsync([("broken/b.png", good), ("broken/c.jpg", good)]);
        await page.ClickAsync(".page .primary");

        await page.UntilAsync(
            "document.querySelector('.job.marked .state')?.dataset.state === 'completed'", "the new job is at its end", 60);
        Assert.Contains("2 of 2", await page.TextAsync(".job.marked .numbers"), StringComparison.Ordinal);
        Assert.Contains("0 failed", await page.TextAsync(".job.marked .numbers"), StringComparison.Ordinal);
        await page.GoAsync(app.Address, "#/failures?prefix=broken%2F");
        await page.UntilAsync("document.querySelector('.groups .empty')?.innerText === 'Nothing failed.'", "nothing failed any more");
        page.HasNoComplaint();
    }
}
