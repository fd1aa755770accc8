using Nanodet.Serverless.Browser.Tests.Browsing;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>One image large: the wheel, the keys, the mouse, the buttons; and the colours of the page.</summary>
[Collection("One page at a time")]
public sealed class ZoomTests(RunningApp app, Chromium chromium)
{
    /// <summary>Scale, and the place of the image's upper left corner in the window, in pixels.</summary>
    private const string Placed =
        """
        (() => {
          const [stage, view] = ['.detail .stage', '.detail .viewport'].map(name => document.querySelector(name).getBoundingClientRect());
          return [new DOMMatrix(getComputedStyle(document.querySelector('.detail .stage')).transform).a, stage.left - view.left, stage.top - view.top];
        })()
        """;

    [Fact]
    public async Task Image_ZoomedAndPanned_FollowsWheelKeysMouseAndButtons()
    {
        var job = await app.DetectAsync("zoom/", ViewerTests.Pictures("zoom", 1));
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, $"#/results?job={job}&image=images%2Fzoom%2F0000.png");
        await page.UntilAsync("(image => image?.complete && image.naturalWidth === 160)(document.querySelector('.detail .stage img'))", "the image is shown");
        await page.DrawnAsync();
        var area = await page.Page.EvaluateExpressionAsync<double[]>(
            "(({ left, top, width, height }) => [left, top, width, height])(document.querySelector('.detail .viewport').getBoundingClientRect())");
        var fitted = await PlacedAsync(page);
        Assert.Equal(1, fitted[0]);

        // What is under the pointer stays under it.
        var (x, y) = (area[2] * 0.4, area[3] * 0.6);
        await page.Page.Mouse.MoveAsync((decimal)(area[0] + x), (decimal)(area[1] + y));
        await page.Page.Mouse.WheelAsync(0, -400);
        var wheeled = await UntilAsync(page, placed => placed[0] > 1.5);
        Assert.Equal((x - fitted[1]) / fitted[0], (x - wheeled[1]) / wheeled[0], tolerance: 2);
        Assert.Equal((y - fitted[2]) / fitted[0], (y - wheeled[2]) / wheeled[0], tolerance: 2);

        // The mouse drags it.
        await page.Page.Mouse.DownAsync();
        await page.Page.Mouse.MoveAsync((decimal)(area[0] + x - 30), (decimal)(area[1] + y - 20));
        await page.Page.Mouse.UpAsync();
        var dragged = await PlacedAsync(page);
        Assert.Equal(wheeled[0], dragged[0]);
        Assert.Equal(wheeled[1] - 30, dragged[1], tolerance: 1);
        Assert.Equal(wheeled[2] - 20, dragged[2], tolerance: 1);

        // Keys: larger, smaller, panned with Shift, and back; an arrow without Shift is for the next image.
        await page.Page.FocusAsync(".detail .viewport");
        await page.Page.Keyboard.PressAsync("+");
        Assert.Equal(dragged[0] * 1.4, (await PlacedAsync(page))[0], tolerance: 0.01);
        await page.Page.Keyboard.PressAsync("-");
        var before = await PlacedAsync(page);
        Assert.Equal(dragged[0], before[0], tolerance: 0.01);
        await page.Page.Keyboard.DownAsync("Shift");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.Page.Keyboard.UpAsync("Shift");
        Assert.Equal(before[1] - 60, (await PlacedAsync(page))[1], tolerance: 1);
        await page.Page.Keyboard.PressAsync("0");
        Assert.Equal(fitted, await PlacedAsync(page));

        // An image smaller than the window fits when it is enlarged; 1:1 shows it as small as it is.
        await page.ClickAsync(".detail [aria-label^='1:1']");
        Assert.Equal(
            160, await page.Page.EvaluateExpressionAsync<double>("document.querySelector('.detail .stage').getBoundingClientRect().width"), tolerance: 0.5);
        await page.ClickAsync(".detail [aria-label='Zoom out']");
        Assert.Equal(
            160, await page.Page.EvaluateExpressionAsync<double>("document.querySelector('.detail .stage').getBoundingClientRect().width"), tolerance: 0.5);
        await page.ClickAsync(".detail [aria-label^='Fit']");
        Assert.Equal(fitted, await PlacedAsync(page));
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Theme_Chosen_StaysAfterAReload()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/jobs");
        await page.UntilAsync("document.querySelector('#theme').title === 'System colours'", "the system's colours are taken first");
        var light = await BackgroundAsync(page);
        await page.ClickAsync("#theme");
        Assert.Equal(light, await BackgroundAsync(page));
        await page.ClickAsync("#theme");
        var dark = await BackgroundAsync(page);
        Assert.NotEqual(light, dark);

        await page.Page.ReloadAsync();
        await page.UntilAsync("document.querySelector('#theme').title === 'Dark colours'", "the choice is still there");
        Assert.Equal(dark, await BackgroundAsync(page));
        await page.ClickAsync("#theme");
        Assert.Equal(light, await BackgroundAsync(page));
    }

    private static Task<string> BackgroundAsync(BrowserPage page) =>
        page.Page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor");

    private static Task<double[]> PlacedAsync(BrowserPage page) => page.Page.EvaluateExpressionAsync<double[]>(Placed);

    private static async Task<double[]> UntilAsync(BrowserPage page, Func<double[], bool> isSo)
    {
        double[] placed = [];
        await EndToEnd.Tests.Hosting.Eventually.TrueAsync(
            async () => isSo(placed = await PlacedAsync(page)), "the image is placed otherwise", 10);
        return placed;
    }
}
