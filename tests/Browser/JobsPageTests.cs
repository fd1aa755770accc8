using System.Net;
using Nanodet.Serverless.Browser.Tests.Browsing;
using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Jobs on the page: asked for again after a failure, and started by a form.</summary>
[Collection("One page at a time")]
public sealed class JobsPageTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task Jobs_NoAnswerTwice_AreAskedForAgainAndTheFailureIsSaidOnce()
    {
        await PageExportTests.JobAsync(app);
        var asked = 0;
        await using var page = await chromium.OpenAsync();

        // Seconds of the page last a twentieth.
        await page.Page.EvaluateFunctionOnNewDocumentAsync(
            """
            () => {
              const wait = setTimeout;
              globalThis.setTimeout = (action, time, ...rest) => wait(action, time / 20, ...rest);
            }
            """);
        await page.AnswerAsync(async request =>
        {
            if (!request.Url.EndsWith("/api/jobs?limit=30", StringComparison.Ordinal) || ++asked > 2)
            {
                return false;
            }

            await request.RespondAsync(new ResponseData
            {
                Status = HttpStatusCode.ServiceUnavailable,
                ContentType = "application/problem+json",
                Body = """{"detail":"Not now."}""",
            });
            return true;
        });
        await page.GoAsync(app.Address, "#/jobs");
        await page.UntilAsync("document.querySelector('.job .numbers b')", "numbers come", 15);

        Assert.True(asked > 2, $"Expected a third request, found {asked}.");
        Assert.Equal("Not now.", await page.TextAsync(".note.error span"));
        Assert.Equal(1, await page.CountAsync(".note.error"));
    }

    [Fact]
    public async Task Form_OnlyWhatFailedWithoutAPrefix_StartsAJob()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/jobs");
        const string Checked = "['onlyFailed', 'force'].filter(name => document.querySelector(`.new-job input[name=${name}]`).checked)";
        foreach (var box in new[] { "onlyFailed", "force", "onlyFailed" })
        {
            await page.ClickAsync($".new-job input[name={box}]");
            Assert.Equal([box], await page.Page.EvaluateExpressionAsync<string[]>(Checked));
        }

        await page.ClickAsync(".new-job .primary");
        await page.UntilAsync("document.querySelector('.note')", "the page says what comes of it");
        var note = await page.TextAsync(".note span");
        Assert.EndsWith(" is started.", note, StringComparison.Ordinal);
        await app.App.JobEndsAsync(note.Split(' ')[1]);
        page.HasNoComplaint();
    }
}
