using Nanodet.Serverless.Browser.Tests.Browsing;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>What comes after somebody began to use the page neither moves what they aim at, nor takes back what they did.</summary>
[Collection("One page at a time")]
public sealed class LateAnswerTests(RunningApp app, Chromium chromium)
{
    private const string Tops =
        "['.source', '.classes', '.codes', '#score', '.judged'].map(one => document.querySelector(one).getBoundingClientRect().top)";

    [Fact]
    public async Task Results_JobsThatComeLate_MoveNoFilter()
    {
        var job = await PageExportTests.JobAsync(app);
        await using var page = await chromium.OpenAsync();
        var release = await DelayAsync(page, "/api/jobs?limit=50");
        await page.GoAsync(app.Address, $"#/results?job={job}&prefix=exports%2F");
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '9'", "every result is there");
        await page.DrawnAsync();
        var before = await page.Page.EvaluateExpressionAsync<double[]>(Tops);
        Assert.Equal(
            [job, "exports/"],
            await page.Page.EvaluateExpressionAsync<string[]>(
                "[document.querySelector('.source select').value, document.querySelector('.source input').value]"));

        release();

        await page.UntilAsync("document.querySelector('.source option:checked').innerText.includes('·')", "the jobs are listed");
        Assert.Equal(job, await page.Page.EvaluateExpressionAsync<string>("document.querySelector('.source select').value"));
        await page.DrawnAsync();
        Assert.Equal(before, await page.Page.EvaluateExpressionAsync<double[]>(Tops));
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Models_WhatIsServedComesLate_MovesNoButton()
    {
        await using var page = await chromium.OpenAsync();
        var release = await DelayAsync(page, "/api/health/details");
        await page.GoAsync(app.Address, "#/models");
        await page.UntilAsync("document.querySelector('.model-table .current')", "the models are there");
        const string Top = "document.querySelector('.model-table').getBoundingClientRect().top";
        var before = await page.Page.EvaluateExpressionAsync<double>(Top);

        release();

        await page.UntilAsync("document.querySelector('.page > .muted').innerText.startsWith('Serving ')", "what is served is said");
        Assert.Equal(before, await page.Page.EvaluateExpressionAsync<double>(Top));
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Image_ZoomedWhileItLoads_StaysZoomed()
    {
        var job = await PageExportTests.JobAsync(app);
        await using var page = await chromium.OpenAsync();
        var release = await DelayAsync(page, "/images/exports/0000.png");
        await page.GoAsync(app.Address, $"#/results?job={job}&image=images%2Fexports%2F0000.png");
        await page.UntilAsync("document.querySelector('.detail[open] .stage')?.clientWidth > 0", "the image has its place");
        await page.ClickAsync(".detail [aria-label='Zoom in']");
        const string Scale = "new DOMMatrix(getComputedStyle(document.querySelector('.detail .stage')).transform).a";
        await page.UntilAsync($"{Scale} > 1.3", "it is larger");
        var before = await page.Page.EvaluateExpressionAsync<double>(Scale);
        Assert.False(await page.Page.EvaluateExpressionAsync<bool>("document.querySelector('.detail .stage img').naturalWidth > 0"));

        release();

        await page.UntilAsync("document.querySelector('.detail .stage-message').innerText === ''", "the image is loaded");
        await page.DrawnAsync();
        Assert.Equal(before, await page.Page.EvaluateExpressionAsync<double>(Scale));
        page.HasNoComplaint();
    }

    /// <summary>Keeps requests of an address waiting.</summary>
    /// <returns>Lets them go.</returns>
    private static async Task<Action> DelayAsync(BrowserPage page, string address)
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.AnswerAsync(async request =>
        {
            if (request.Url.Contains(address, StringComparison.Ordinal))
            {
                await released.Task;
            }

            return false;
        });
        return released.SetResult;
    }
}
