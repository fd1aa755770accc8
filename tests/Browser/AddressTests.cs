using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The page's address: it has what is shown, and Back leads to what was there before.</summary>
[Collection("One page at a time")]
public sealed class AddressTests(RunningApp app, Chromium chromium)
{
    private const string Open = "document.querySelector('.detail[open]')";
    private const string Close = "document.querySelector('.detail [aria-label=Close]').click();";
    private const string Place = "navigation.currentEntry.index";

    [Fact]
    public async Task Tile_KeptWhileFiltersChange_LinksToItsImageWithThem()
    {
        await using var page = await ResultsAsync();
        await page.SlideAsync("#score", 0.5);
        await page.UntilAsync("location.hash.includes('min=0.5')", "the filter is in the address");
        await page.UntilAsync("document.querySelectorAll(\".tile[href*='min=0.5&image=']\").length === 9", "each tile links with the filter");

        await page.ClickAsync(".classes button[title=red]");
        await page.UntilAsync("document.querySelectorAll('.grid-items > li').length === 4", "images with red are left");
        await page.UntilAsync("document.querySelectorAll('.grid-items > [aria-setsize=\"4\"]').length === 4", "each says of how many it is");

        await page.ClickAsync(".tile");
        await page.UntilAsync(Open, "the image is open");
        Assert.Matches("min=0.5&class=red&image=", page.Page.Url);
        Assert.Equal("0.5", await page.Page.EvaluateExpressionAsync<string>("document.querySelector('#score').value"));
        page.HasNoComplaint();
    }

    [Fact]
    public async Task View_LeftBeforeItIsReady_LeavesTheAddressAlone()
    {
        var job = await PageExportTests.JobAsync(app);
        var (asked, release) = (new SemaphoreSlim(0), new TaskCompletionSource());
        await using var page = await chromium.OpenAsync();
        await page.AnswerAsync(async request =>
        {
            if (request.Url.Contains("/api/results?", StringComparison.Ordinal))
            {
                asked.Release();
                await release.Task;
            }

            return false;
        });
        await page.GoAsync(app.Address, $"#/compare?before={job}&after={job}");
        Assert.True(await asked.WaitAsync(TimeSpan.FromSeconds(30), App.Cancellation), "Expected that Compare asks for results.");
        await page.ClickAsync("#nav a[data-view=jobs]");
        await page.UntilAsync("document.querySelector('.job .numbers b')", "jobs are shown");
        release.SetResult();
        await page.DrawnAsync();
        Assert.EndsWith("#/jobs", page.Page.Url, StringComparison.Ordinal);

        // In the frame that a filter is written in, too: the address is another one already, and the browser says so later.
        await page.Page.EvaluateExpressionAsync($"location.hash = '#/results?job={job}'");
        await page.UntilAsync("document.querySelector('.results-view .tile')", "results are shown");
        await page.Page.EvaluateExpressionAsync(
            """
            requestAnimationFrame(() => { location.hash = '#/jobs'; });
            document.querySelector('#score').value = '0.3';
            document.querySelector('#score').dispatchEvent(new Event('input'));
            """);
        await page.UntilAsync("document.querySelector('.job .numbers b')", "jobs are shown");
        await page.DrawnAsync();
        Assert.EndsWith("#/jobs", page.Page.Url, StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Image_OpenedAndClosed_IsNoStepForBack()
    {
        await using var page = await ResultsAsync("#/models");
        var place = await page.Page.EvaluateExpressionAsync<int>(Place);
        Task IsClosedAsync() => page.UntilAsync($"!{Open} && {Place} === {place}", "the image is closed, and its step is gone");
        for (var i = 0; i < 3; i++)
        {
            await page.ClickAsync($".grid-items > li:nth-child({i + 1}) .tile");
            await page.UntilAsync($"{Open} && {Place} === {place + 1}", "the image is open, by a step");
            await page.Page.Keyboard.PressAsync("ArrowRight");
            await (i == 1 ? page.ClickAsync(".detail [aria-label=Close]") : page.Page.Keyboard.PressAsync("Escape"));
            await IsClosedAsync();
        }

        // The next one at once, while the browser goes back; and a reload while it is open.
        await page.Page.EvaluateExpressionAsync("document.querySelectorAll('.tile')[0].click()");
        await page.UntilAsync(Open, "the first image is open");
        await page.Page.EvaluateExpressionAsync($"{Close} document.querySelectorAll('.tile')[1].click()");
        await page.UntilAsync($"{Open} && {Place} === {place + 1} && location.hash.includes('0001.png')", "the next one is open");
        await page.DrawnAsync();
        await page.Page.ReloadAsync();
        await page.UntilAsync($"{Open} && {Place} === {place + 1}", "it is open again");
        await page.Page.EvaluateExpressionAsync(Close);
        await IsClosedAsync();

        // A link of the page waits for the step back as well.
        await page.Page.EvaluateExpressionAsync("document.querySelectorAll('.tile')[0].click()");
        await page.UntilAsync(Open, "the first image is open");
        await page.Page.EvaluateExpressionAsync($"{Close} document.querySelector('#nav a[data-view=jobs]').click()");
        await page.UntilAsync($"document.querySelector('.new-job') && {Place} === {place + 1}", "jobs are shown");
        await page.Page.GoBackAsync();
        await page.UntilAsync("document.querySelector('.results-view .tile')", "the results are shown");

        // Back closes an image; once more, and it leads to what was there before.
        await page.ClickAsync(".tile");
        await page.UntilAsync(Open, "the image is open");
        await page.Page.GoBackAsync();
        await IsClosedAsync();
        Assert.DoesNotContain("image=", page.Page.Url, StringComparison.Ordinal);
        await page.Page.GoBackAsync();
        await page.UntilAsync("document.querySelector('.model-table')", "the view before is shown");
        Assert.EndsWith("#/models", page.Page.Url, StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Image_LinkedDirectly_ClosesInItsPlace()
    {
        await using var first = await ResultsAsync();
        var link = await first.Page.EvaluateExpressionAsync<string>("document.querySelectorAll('.tile')[2].href");
        await using var page = await chromium.OpenAsync();
        await page.Page.GoToAsync(link);
        await page.UntilAsync(Open, "the image is open");
        var place = await page.Page.EvaluateExpressionAsync<int>(Place);

        // The next one at once: what the browser says late about the first one does not close it.
        await page.Page.EvaluateExpressionAsync($"{Close} document.querySelectorAll('.tile')[0].click()");
        await page.UntilAsync("location.hash.includes('0000.png')", "the next one is open");
        await page.DrawnAsync();
        Assert.True(await page.Page.EvaluateExpressionAsync<bool>($"Boolean({Open})"));
        await page.Page.Keyboard.PressAsync("Escape");
        await page.UntilAsync($"!{Open} && {Place} === {place}", "it is closed");

        // One that is not there: the address says so, and follows the filters again.
        await page.Page.EvaluateExpressionAsync("location.hash = location.hash + '&image=images%2Fnone.png'");
        await page.UntilAsync("document.querySelector('.note')?.innerText.includes('not among')", "the page says so");
        await page.SlideAsync("#score", 0.2);
        await page.UntilAsync("location.hash.includes('min=0.2')", "the filter is in the address");
        Assert.DoesNotContain("image=", page.Page.Url, StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    /// <summary>A page that shows nine results, after another view where one is given.</summary>
    private async Task<BrowserPage> ResultsAsync(string? before = null)
    {
        var view = $"#/results?job={await PageExportTests.JobAsync(app)}";
        var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, before ?? view);
        if (before is not null)
        {
            await page.UntilAsync("document.querySelector('main').children.length > 0", "the view before is shown");
            await page.Page.EvaluateExpressionAsync($"location.hash = '{view}'");
        }

        await page.UntilAsync(
            "document.querySelectorAll('.tile').length === 9 && document.querySelector('.content > progress').hidden", "every result is shown");
        return page;
    }
}
