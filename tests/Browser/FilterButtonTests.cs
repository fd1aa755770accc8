using Nanodet.Serverless.Browser.Tests.Browsing;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Buttons and choices that filter: used by the keyboard, and taken back.</summary>
[Collection("One page at a time")]
public sealed class FilterButtonTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task Results_FilterByEnter_KeepsTheFocus()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, $"#/results?job={await PageExportTests.JobAsync(app)}");
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '9'", "every result is there");

        // Green has fewer objects: as the class that is shown it stays second.
        await PressAsync(page, ".classes button[title=green]");
        await page.UntilAsync("document.querySelector('.count-line strong').innerText === '3'", "images with green are left");
        await PressAsync(page, ".codes li:nth-child(2) button");
        await page.UntilAsync("document.querySelector('.count-line strong').innerText === '1'", "one failure is left");
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Compare_KindByEnterAndNoJob_KeepsTheFocusAndEmptiesTheList()
    {
        var before = await PageExportTests.JobAsync(app);
        var after = await app.App.StartJobAsync(new { prefix = "exports/0", force = true, options = new { maxDetections = 1 } });
        await app.App.JobEndsAsync(after);
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, $"#/compare?before={before}&after={after}");
        await page.UntilAsync("document.querySelectorAll('.pair').length > 0", "differences are shown");
        await PressAsync(page, ".sum.lost");
        await page.UntilAsync("location.hash.includes('kind=lost')", "the kind is in the address");

        await page.Page.SelectAsync("select[aria-label=before]", string.Empty);
        await page.UntilAsync("document.querySelectorAll('.pair, .sum').length === 0", "nothing is left");
        Assert.StartsWith("Choose two jobs", await page.TextAsync(".compare-page > .muted"), StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    private static async Task PressAsync(BrowserPage page, string button)
    {
        await page.Page.EvaluateExpressionAsync($"(globalThis.pressed = document.querySelector('{button}')).focus()");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.UntilAsync($"document.querySelector('{button}').getAttribute('aria-pressed') === 'true'", "it is pressed");
        await page.DrawnAsync();
        Assert.True(
            await page.Page.EvaluateExpressionAsync<bool>("document.activeElement === globalThis.pressed && globalThis.pressed.isConnected"),
            $"Expected that {button} has the focus.");
    }
}
