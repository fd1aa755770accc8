using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The page of an app that asks for a function key, as in Azure and with <c>nanodet up --auth</c>.</summary>
[Collection("One page at a time")]
public sealed class KeyTests(Chromium chromium)
{
    private const string Key = "a key of more than sixteen letters";
    private const string Loaded = "document.querySelectorAll('.tile.loaded img').length === 1";

    [Fact]
    public async Task Key_TypedIn_OpensTheResultsForThisTabAndIsForgotten()
    {
        await using var deployment = await Deployment.CreateAsync();
        deployment.Key = Key;
        await deployment.PublishAsync(TestModel.Good, "1");
        await deployment.Images.UploadAsync(
            [("a.png", TestImages.Rectangle(160, 120, new Rect(30, 20, 60, 50), new Bgr(0, 0, 255), ".png"))]);
        var app = await deployment.StartAsync("all");
        await Eventually.TrueAsync(
            async () => await deployment.Detections.GetBlobClient("images/a.png.json").ExistsAsync(App.Cancellation), "the record is there", 60);

        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Host.Address, "#/results");
        await TypeAsync(page, "not the key of this app");
        await page.UntilAsync("document.body.innerText.includes('401')", "the page says that the key is refused");
        Assert.Equal(0, await page.CountAsync(".tile"));

        await page.ClickAsync("#key");
        await TypeAsync(page, Key);
        await page.UntilAsync(Loaded, "the result has its thumbnail");
        await page.ClickAsync(".grid-items a");
        await page.UntilAsync("document.querySelector('.detail .stage img')?.naturalWidth === 160", "the image itself is shown");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.UntilAsync("!document.querySelector('.detail[open]')", "the image is closed");

        // For this tab: it survives a reload, and nothing else on this machine has it.
        await page.Page.ReloadAsync();
        await page.UntilAsync(Loaded, "the key is still there");
        Assert.Equal(0, await page.Page.EvaluateExpressionAsync<int>("localStorage.length"));
        Assert.DoesNotContain("letters", page.Page.Url, StringComparison.Ordinal);
        await using var other = await chromium.OpenAsync();
        await other.GoAsync(app.Host.Address, "#/results");
        await other.UntilAsync("document.querySelector('dialog.ask[open] input')", "another tab is asked");

        await page.ClickAsync("#key");
        await page.UntilAsync("document.querySelector('dialog.ask[open] input')", "the key is forgotten");
        Assert.Null(await page.Page.EvaluateExpressionAsync<string?>("sessionStorage.getItem('nanodet.key')"));
    }

    private static async Task TypeAsync(BrowserPage page, string key)
    {
        await page.UntilAsync("document.querySelector('dialog.ask[open] input')", "the page asks for a key");
        await page.Page.TypeAsync("dialog.ask input", key);
        await page.Page.Keyboard.PressAsync("Enter");
    }
}
