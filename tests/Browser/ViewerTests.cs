using System.Globalization;
using System.Text.Json;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.TestKit;
using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The page over the whole running app, as somebody uses it.</summary>
[Collection("One page at a time")]
public sealed class ViewerTests(RunningApp app, Chromium chromium)
{
    private const string Tiles = ".grid-items > li";

    [Fact]
    public async Task Try_PhotoChosen_ShowsItsBoxes()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        var photo = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n} #1 100%.png");
        await File.WriteAllBytesAsync(
            photo, TestImages.Rectangle(160, 120, new Rect(30, 20, 60, 50), new Bgr(0, 0, 255), ".png"), App.Cancellation);
        try
        {
            var input = await page.Page.WaitForSelectorAsync("#file");
            await input.UploadFileAsync(photo);

            await page.UntilAsync("document.querySelectorAll('.found tbody tr').length > 0", "the table has what was found");
            await page.UntilAsync("document.querySelector('.stage img').naturalWidth === 160", "the photo is shown");
            Assert.Contains("red", await page.TextAsync(".found tbody"), StringComparison.Ordinal);
            Assert.Equal(await page.CountAsync(".found tbody tr"), await page.CountAsync(".overlay .box"));

            // The table and the boxes highlight each other.
            await page.Page.HoverAsync(".found tbody tr");
            await page.UntilAsync("document.querySelectorAll('.overlay .box.on').length === 1", "the box of the row is marked");
            await page.KeepPictureAsync("try");
            page.HasNoComplaint();
        }
        finally
        {
            File.Delete(photo);
        }
    }

    [Fact]
    public async Task Results_OfAJob_AreFilteredOpenedAndLinked()
    {
        var job = await app.DetectAsync("grid/", Pictures("grid", 40));
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, $"#/results?job={job}");
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '40'", "all images are there");
        await page.UntilAsync("document.querySelectorAll('.tile.loaded').length > 5", "thumbnails are shown");

        // By class: only images with red are left, and the address says so.
        await page.ClickAsync(".classes button[title=red]");
        await page.UntilAsync("location.hash.includes('class=red')", "the filter is in the address");
        await page.UntilAsync("document.querySelector('.count-line strong').innerText === '20'", "half of the images have red");

        // By score: more than any, so nothing is left; then all again.
        await page.SlideAsync("#score", 1);
        await page.UntilAsync("document.querySelector('.count-line strong').innerText === '0'", "no score is so high");
        await page.SlideAsync("#score", 0);
        await page.UntilAsync("document.querySelector('.count-line strong').innerText === '20'", "they are back");

        // Large, by the keyboard, and on to the next one.
        await page.Page.FocusAsync($"{Tiles} a[tabindex='0']");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.UntilAsync("document.querySelector('.detail .stage img')?.naturalWidth > 0", "the image is shown large");
        var first = await page.TextAsync(".detail h2");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.UntilAsync(
            $"document.querySelector('.detail h2').innerText !== {JsonSerializer.Serialize(first)}", "the next image is shown");
        await page.UntilAsync("document.querySelector('.detail .stage img')?.naturalWidth > 0", "it is shown large");
        await page.KeepPictureAsync("image");
        var second = await page.TextAsync(".detail h2");
        var link = page.Page.Url;

        // Every view is a link.
        await using var other = await chromium.OpenAsync(theme: "dark");
        await other.Page.GoToAsync(link);
        await other.UntilAsync(
            $"document.querySelector('.detail h2')?.innerText === {JsonSerializer.Serialize(second)}", "the link leads to the same image");

        // The address says so when an image is closed: who reloads the page at once does not find it open again.
        Assert.DoesNotContain(
            "image=",
            await other.Page.EvaluateExpressionAsync<string>(
                "(() => { document.querySelector('.detail [aria-label=Close]').click(); return location.hash; })()"),
            StringComparison.Ordinal);
        await page.Page.Keyboard.PressAsync("Escape");
        await page.UntilAsync("!document.querySelector('.detail[open]')", "the image is closed");
        Assert.DoesNotContain("image=", page.Page.Url, StringComparison.Ordinal);
        await page.KeepPictureAsync("results");
        page.HasNoComplaint();
        other.HasNoComplaint();
    }

    [Fact]
    public async Task Jobs_TwoHundredImages_ShowTheirProgress()
    {
        // The last quarter takes its time, so that the page can see how far the job is.
        var slow = TestImages.Rectangle(6000, 4000, new Rect(100, 100, 900, 900), new Bgr(0, 0, 255), ".png");
        await app.Deployment.Images.UploadAsync(Pictures("live", 200).Select((one, i) => i < 150 ? one : (one.Name, slow)));
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/jobs");
        await page.Page.WaitForSelectorAsync(".new-job input[name=prefix]");
        await page.Page.EvaluateExpressionAsync(
            """
            globalThis.seen = new Set();
            new MutationObserver(() => {
              for (const job of document.querySelectorAll('.job')) {
                globalThis.seen.add(job.id + ' ' + job.querySelector('.numbers b').innerText + ' ' + job.querySelector('.state').dataset.state);
              }
            }).observe(document.querySelector('.job-list'), { childList: true, subtree: true, characterData: true, attributes: true });
            """);
        var job = $"#job-{await page.StartJobAsync("live/")}";
        await page.UntilAsync($"document.querySelector('{job} .numbers b').innerText.startsWith('200 of 200')", "every image is done", 90);
        await page.UntilAsync($"document.querySelector('{job} .state').dataset.state === 'completed'", "the job is at its end");
        var seen = await page.Page.EvaluateExpressionAsync<string[]>(
            $"[...globalThis.seen].filter(one => '#' + one.split(' ')[0] === '{job}').map(one => one.slice(one.indexOf(' ') + 1))");
        Assert.Contains(seen, state => state.EndsWith("running", StringComparison.Ordinal));
        Assert.True(
            seen.Any(state => state.EndsWith("running", StringComparison.Ordinal)
                && int.Parse(state.Split(' ')[0], CultureInfo.InvariantCulture) is > 0 and < 200),
            $"Expected numbers between none and all, found {string.Join(", ", seen)}.");
        Assert.Contains("images/s", await page.TextAsync($"{job} .muted"), StringComparison.Ordinal);
        await page.KeepPictureAsync("jobs");
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Compare_TwoModels_ShowsWhatDiffersTheLargestFirst()
    {
        var before = await app.DetectAsync("compare/", Pictures("compare", 12));
        await StoreAsync(LessSure(), "other");
        var after = await app.DetectAsync("compare/", [], new { model = "test-plus/other" });
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, $"#/compare?before={before}&after={after}");

        await page.UntilAsync("document.querySelectorAll('.pair').length > 0", "differences are shown");
        var amounts = await page.Page.EvaluateExpressionAsync<int[]>(
            "[...document.querySelectorAll('.sum b')].map(sum => Number(sum.innerText.replaceAll(',', '')))");
        Assert.Equal(3, amounts.Length);
        Assert.True(amounts.Sum() > 0, "Expected differences between the two models.");
        Assert.Contains("of 12 images differ", await page.TextAsync(".compare-page > .muted"), StringComparison.Ordinal);
        await page.KeepPictureAsync("compare");
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Models_RollBack_MakesTheOtherOneCurrent()
    {
        await StoreAsync(TestModel.Good, "rolled");
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/models");
        await page.ClickAsync("button[aria-label='Roll back to test-plus rolled']");
        await page.ClickAsync("dialog.ask .primary");

        await page.UntilAsync(
            "[...document.querySelectorAll('.model-table .current')].some(row => row.innerText.includes('rolled'))", "it is current", 60);
        Assert.Contains("\"version\":\"rolled\"", await PointerAsync(), StringComparison.Ordinal);
        await page.KeepPictureAsync("models");
        page.HasNoComplaint();

        // The way back, for the other tests.
        await page.ClickAsync("button[aria-label='Roll back to test-plus 1']");
        await page.ClickAsync("dialog.ask .primary");
        await page.UntilAsync(
            "document.querySelector('.model-table .current td')?.innerText.startsWith('1')", "the first one is current again", 60);
        await Eventually.TrueAsync(
            async () => (await app.App.HealthAsync()).GetProperty("model").GetProperty("version").GetString() == "1", "the app serves it", 30);
    }

    [Fact]
    public async Task Names_OfAnyKind_AreShownAsTextAndLinkedRight()
    {
        string[] names =
        [
            "names/with space.png", "names/hash #1.png", "names/100%25.png", "names/100%.png", "names/quote\"'`.png", "names/a&b=c+d.png",
            "names/<img src=x onerror=document.title='hit'>.png", "names/<script>document.title='hit'</script>.png", "names/..hidden.png",
            "names/שלום.png", "names/\u202Egnp.exe.png", $"names/{new string('x', 1014)}.png",
            $"names/{new string('字', 1014)}.png",
        ];
        var picture = Pictures("x", 1).Single().Bytes;
        var job = await app.DetectAsync("names/", names.Select(name => (name, picture)));
        await using var page = await chromium.OpenAsync(1600, 1200);
        await page.GoAsync(app.Address, $"#/results?job={job}");
        await page.UntilAsync($"document.querySelectorAll('{Tiles}').length === {names.Length}", "every image has a tile");
        await page.UntilAsync($"document.querySelectorAll('.tile.loaded').length === {names.Length}", "every thumbnail is shown", 60);
        var shown = await page.Page.EvaluateExpressionAsync<string[]>(
            "[...document.querySelectorAll('.tile .name')].map(name => name.title + '|' + name.textContent)");
        Assert.Equal(
            names.Select(name => name.Replace("\u202E", "\\u202e", StringComparison.Ordinal))
                .Select(name => $"{name}|{name[(name.LastIndexOf('/') + 1)..]}").Order(StringComparer.Ordinal),
            shown.Order(StringComparer.Ordinal));

        for (var i = 0; i < names.Length; i++)
        {
            await page.Page.EvaluateExpressionAsync($"document.querySelectorAll('.tile')[{i}].click()");
            await page.UntilAsync("document.querySelector('.detail[open] .stage img')?.naturalWidth === 160", "the image itself is shown");
            Assert.Contains(
                "sig=",
                await page.Page.EvaluateExpressionAsync<string>("document.querySelector('.detail .stage img').src"),
                StringComparison.Ordinal);
            await page.Page.Keyboard.PressAsync("Escape");
            await page.UntilAsync("!document.querySelector('.detail[open]')", "it is closed");
        }

        Assert.DoesNotContain("hit", await page.Page.GetTitleAsync(), StringComparison.Ordinal);
        await page.KeepPictureAsync("names");
        page.HasNoComplaint();
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task Axe_EveryView_HasNoSeriousFinding(string theme)
    {
        var good = Pictures("axe", 6).ToArray();
        var job = await app.DetectAsync("axe/", [.. good, ("axe/bad.png", good[0].Bytes[..60])]);
        await using var page = await chromium.OpenAsync(theme: theme);
        string[] views =
        [
            $"#/results?job={job}", $"#/results?job={job}&image=images%2Faxe%2F0001.png", $"#/failures?job={job}", "#/jobs", "#/models",
            "#/try", $"#/compare?before={job}&after={job}",
        ];
        foreach (var view in views)
        {
            await page.Page.GoToAsync("about:blank");
            await page.GoAsync(app.Address, view);
            await page.UntilAsync("document.querySelector('main').children.length > 0", "the view is there");
            await page.Page.WaitForNetworkIdleAsync(new WaitForNetworkIdleOptions { IdleTime = 300 });
            var findings = await SeriousFindingsAsync(page);
            Assert.True(findings.Length == 0, $"{view}, {theme}: {findings}");
            await page.KeepPictureAsync($"axe-{theme}-{Array.IndexOf(views, view)}");
        }
    }

    [Theory]
    [InlineData(375, 720)]
    [InlineData(2560, 1300)]
    public async Task Views_OfAnyWidth_NeedNoSidewaysScroll(int width, int height)
    {
        var job = await app.DetectAsync("wide/", Pictures("wide", 8));
        await using var page = await chromium.OpenAsync(width, height);
        string[] views =
        [
            $"#/results?job={job}", "#/jobs", "#/models", "#/try", $"#/failures?job={job}", $"#/compare?before={job}&after={job}",
        ];
        foreach (var view in views)
        {
            await page.Page.GoToAsync("about:blank");
            await page.GoAsync(app.Address, view);
            await page.UntilAsync("document.querySelector('main').children.length > 0", "the view is there");
            await page.Page.WaitForNetworkIdleAsync(new WaitForNetworkIdleOptions { IdleTime = 300 });
            Assert.True(
                await page.Page.EvaluateExpressionAsync<bool>(
                    "document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= innerWidth"),
                $"{view} is wider than {width} pixels.");
            await page.KeepPictureAsync($"width-{width}-{view[2..5]}");
        }

        page.HasNoComplaint();
    }

    /// <summary>Pictures of 160x120 pixels with a red or a green rectangle, by turns.</summary>
    internal static IEnumerable<(string Name, byte[] Bytes)> Pictures(string folder, int count) => Enumerable.Range(0, count).Select(i => (
        $"{folder}/{i:D4}.png",
        TestImages.Rectangle(
            160, 120, new Rect(10 + (i % 50), 10 + (i % 30), 60, 50), i % 2 == 0 ? new Bgr(0, 0, 255) : new Bgr(0, 255, 0), ".png")));

    /// <summary>What axe-core finds on a page that is serious; empty for nothing.</summary>
    internal static async Task<string> SeriousFindingsAsync(BrowserPage page)
    {
        var axe = Path.Combine(Repository.Root, "tests", "Browser", "node_modules", "axe-core", "axe.min.js");
        Assert.SkipUnless(File.Exists(axe), $"axe-core is not installed: expected {axe}; 'npm ci' in tests/Browser installs it.");
        await page.Page.EvaluateExpressionAsync(await File.ReadAllTextAsync(axe, App.Cancellation));
        return await page.Page.EvaluateExpressionAsync<string>(
            """
            axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations
              .filter(one => ['serious', 'critical'].includes(one.impact))
              .map(one => `${one.id} (${one.impact}): ` + one.nodes.map(node => node.target + ' ' + node.failureSummary).join(' | '))
              .join('\n'))
            """);
    }

    /// <summary>A model that finds the same, with scores around 0.7.</summary>
    private static byte[] LessSure()
    {
        var plain = new OnnxTestModel { Name = "test-plus", Strides = [8, 16], Gain = 3, Bias = -2 };
        return (plain with { Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = ParityFixture.Compute(plain.Build()) } }).Build();
    }

    private async Task StoreAsync(byte[] model, string version) =>
        await app.Deployment.Blobs.GetBlobContainerClient("models").GetBlobClient($"test-plus/{version}/model.onnx")
            .UploadAsync(BinaryData.FromBytes(model), overwrite: true, App.Cancellation);

    private async Task<string> PointerAsync() =>
        (await app.Deployment.Blobs.GetBlobContainerClient("models").GetBlobClient("current.json").DownloadContentAsync(App.Cancellation))
            .Value.Content.ToString().Replace(" ", string.Empty, StringComparison.Ordinal);
}
