using System.Text;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Two results side by side: what differs, by how much, and what cannot be compared.</summary>
[Collection("One page at a time")]
public sealed class CompareTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task Compare_TwoJobs_ListsTheLargestDifferenceFirstAndWhatIsNotCompared()
    {
        DetectionResult[] before =
        [
            Compared.Result("same.png", "1", ("a", 0.9)),
            Compared.Result("small.png", "1", ("a", 0.9), ("b", 0.3)),
            Compared.Result("large.png", "1", ("a", 0.9), ("b", 0.8)),
            Compared.Result("middle.png", "1", ("a", 0.9)),
            Compared.Result("gone.png", "1", ("a", 0.9)),
            Compared.Result("written.png", "1", ("a", 0.9)),
            Compared.Result("fails.png", "1", ("a", 0.9)),
            Compared.Failure("mended.png", "1"),
            Compared.Failure("bad.png", "1"),
        ];
        DetectionResult[] after =
        [
            Compared.Result("same.png", "1", ("a", 0.95)),
            Compared.Result("small.png", "1", ("a", 0.9)),
            Compared.Result("large.png", "1"),
            Compared.Result("middle.png", "1", ("b", 0.9)),
            Compared.Result("new.png", "1", ("a", 0.9)),
            Compared.Result("written.png", "2"),
            Compared.Failure("fails.png", "1"),
            Compared.Result("mended.png", "1", ("a", 0.9)),
            Compared.Failure("bad.png", "1"),
        ];
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenJobsAsync(before, after);
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelectorAll('.pair').length === 3", "what differs is shown");

        Assert.Equal("3 of 4 images differ. m 1 → m 1", await page.TextAsync(".compare-page > .muted"));
        Assert.Equal(
            ["large.png|2 lost", "middle.png|1 changed", "small.png|1 lost"],
            await page.Page.EvaluateExpressionAsync<string[]>(
                "[...document.querySelectorAll('.pair-head')].map(head => [...head.children].map(part => part.textContent).join('|'))"));
        Assert.Equal(
            ["0 gained", "3 lost", "1 changed"],
            await page.Page.EvaluateExpressionAsync<string[]>("[...document.querySelectorAll('.sum')].map(sum => sum.textContent)"));
        Assert.Equal(
            [
                "1 image only before: gone.png", "1 image only after: new.png", "1 image overwritten in between: not compared: written.png",
                "1 image failed before only: not compared: mended.png", "1 image failed after only: not compared: fails.png",
            ],
            await ApartAsync(page));

        // By kind, and by score; what was opened stays open.
        await page.Page.EvaluateExpressionAsync("document.querySelector('.apart details').open = true");
        await page.ClickAsync(".sum.changed");
        await page.UntilAsync("document.querySelectorAll('.pair').length === 1", "one has a change");
        await page.ClickAsync(".sum.changed");
        await page.SlideAsync("#compare-score", 0.5);
        await page.UntilAsync(
            "document.querySelector('.compare-page > .muted').innerText.startsWith('2 of 4')", "what is below the score does not differ");
        Assert.True(await page.Page.EvaluateExpressionAsync<bool>("document.querySelector('.apart details').open"));
    }

    [Fact]
    public async Task Compare_Boxes_ArePairedByOverlapAndClassAndMarked()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        var found = await page.Page.EvaluateExpressionAsync<string[]>(
            """
            (async () => {
              const { compare } = await import(new URL('match.js', document.baseURI));
              const box = (className, score, x, width = 10) => ({ className, score, x, y: 0, width, height: 10 });
              const told = (before, after) => {
                const { gained, lost, changed, amount, ...marked } = compare(before, after);
                const marks = side => marked[side].map(one => one.mark).join();
                return `${gained} ${lost} ${changed} ${amount.toFixed(2)}: ${marks('before')} | ${marks('after')}`;
              };
              return [
                told([box('a', 0.5, 0)], [box('a', 0.59, 0)]),
                told([box('a', 0.5, 0)], [box('a', 0.7, 0)]),
                told([box('a', 0.5, 0)], [box('b', 0.5, 1)]),
                told([box('a', 0.5, 0)], [box('a', 0.4, 100)]),
                told([], [box('a', 0.3, 0), box('b', 0.4, 50)]),
                told([box('a', 0.9, 0)], [box('a', 0.9, 3), box('a', 0.7, 0)]),
                told([box('a', 0.9, 0)], [box('b', 0.9, 0), box('a', 0.9, 2)]),
                told([box('a', 0.5, 0)], [box('a', 0.5, 0, 21)]),
              ];
            })()
            """);

        Assert.Equal(
            [
                "0 0 0 0.00: same | same",
                "0 0 1 0.20: changed | changed",
                "0 0 1 1.00: changed | changed",
                "1 1 0 0.90: lost | gained",
                "2 0 0 0.70:  | gained,gained",
                "1 0 1 1.10: changed | gained,changed",
                "1 0 0 0.90: same | gained,same",
                "1 1 0 1.00: lost | gained",
            ],
            found);
    }

    /// <summary>
    /// Each upload of a photo gives it another ETag, also with the same bytes. Whoever knows that it is the same photo says so; the address
    /// keeps it.
    /// </summary>
    [Fact]
    public async Task Compare_OverwrittenInBetween_IsComparedWhereSomebodySaysSo()
    {
        DetectionResult[] before =
            [Compared.Result("a.png", "1", ("a", 0.9)), Compared.Result("b.png", "1", ("a", 0.9)), Compared.Failure("c.png", "1")];
        DetectionResult[] after = [Compared.Result("a.png", "2", ("a", 0.9)), Compared.Result("b.png", "2"), Compared.Result("c.png", "2")];
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenJobsAsync(before, after);
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelector('.apart button')", "they can be compared all the same");
        Assert.Equal(
            "Both have 3 images, and none is compared: 3 overwritten in between.", await page.TextAsync(".compare-page > .muted"));
        Assert.Equal("Compare them anyway", await page.TextAsync(".apart button"));
        Assert.Equal(["3 images overwritten in between: not compared: a.png,b.png,c.png"], await ApartAsync(page));

        await page.Page.FocusAsync(".apart button");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.UntilAsync("document.querySelectorAll('.pair').length === 1", "what differs is shown");
        Assert.StartsWith("1 of 2 images differ.", await page.TextAsync(".compare-page > .muted"), StringComparison.Ordinal);
        string[] lists =
        [
            "3 images overwritten in between: compared all the same: a.png,b.png,c.png", "1 image failed before only: not compared: c.png",
        ];
        Assert.Equal(lists, await ApartAsync(page));
        Assert.Contains("anyway=1", page.Page.Url, StringComparison.Ordinal);

        // Who reloads the page, or follows the link, sees the same; and the button, which kept the focus, leads back.
        Assert.Equal("Leave them out", await page.Page.EvaluateExpressionAsync<string>("document.activeElement.textContent"));
        await page.Page.ReloadAsync();
        await page.UntilAsync("document.querySelectorAll('.pair').length === 1", "what differs is shown again");
        Assert.Equal(lists, await ApartAsync(page));
        await page.ClickAsync(".apart button");
        await page.UntilAsync("document.querySelectorAll('.pair').length === 0", "nothing is compared again");
        Assert.DoesNotContain("anyway", page.Page.Url, StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    [Theory]
    [InlineData("a", "b", "They have no image in common.")]
    [InlineData("a!", "a", "Both have 1 image, and none is compared: 1 failed.")]
    [InlineData("a!,b", "a!,b*", "Both have 2 images, and none is compared: 1 overwritten in between, 1 failed.")]
    [InlineData("a", "a", "0 of 1 images differ. m 1 → m 1")]
    public async Task Compare_NothingThatCanBeCompared_SaysWhy(string before, string after, string status)
    {
        static DetectionResult[] Read(string text) =>
        [
            .. text.Split(',').Select(one => one[^1] == '!'
                ? Compared.Failure($"{one[0]}.png", "1") : Compared.Result($"{one[0]}.png", one[^1] == '*' ? "2" : "1", ("a", 0.9))),
        ];
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenJobsAsync(Read(before), Read(after));
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelector('.sums button')", "it was compared");
        Assert.Equal(status, await page.TextAsync(".compare-page > .muted"));
    }

    /// <summary>Folders may be of two accounts, or of two uploads: an ETag says nothing there.</summary>
    [Fact]
    public async Task Compare_FoldersOfTwoUploads_AreCompared()
    {
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenAsync(
            [Compared.Result("a.png", "1", ("a", 0.9)), Compared.Result("b.png", "1")],
            [Compared.Result("a.png", "2"), Compared.Result("b.png", "1")]);
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelectorAll('.pair').length === 1", "what differs is shown");
        Assert.Equal("1 of 2 images differ. m 1 → m 1", await page.TextAsync(".compare-page > .muted"));
        Assert.Equal(["1 image with another ETag: compared all the same: a.png"], await ApartAsync(page));
        Assert.Equal(0, await page.CountAsync(".apart button"));
    }

    /// <summary>
    /// Each run over storage puts the images under a prefix of its own, and a run on this machine has no container. An ending tells which
    /// image it is only where it is of one image on each side, and where no name is the same.
    /// </summary>
    [Theory]
    [InlineData(
        "/x/1.png /x/2.png", "images/cli/A/x/1.png images/cli/A/x/2.png", "x/1.png x/2.png", "",
        " · 2 images matched by the end of the name")]
    [InlineData(
        "images/cli/A/x/1.png images/cli/A/y/1.png", "images/cli/B/x/1.png images/cli/B/y/1.png", "x/1.png y/1.png", "",
        " · 2 images matched by the end of the name")]
    [InlineData("/1.png /2.png", "images/1.png images/3.png", "1.png", "1 image only before: 2.png|1 image only after: 3.png", "")]
    [InlineData(
        "/1.png /2.png", "a/1.png b/1.png a/2.png", "2.png",
        "1 image before with a name that fits several: not compared: 1.png"
        + "|2 images after with a name that fits several: not compared: 1.png,1.png",
        "")]
    [InlineData(
        "/1.png /x/1.png", "images/A/1.png images/A/x/1.png images/A/3.png", "x/1.png",
        "1 image only after: A/3.png|1 image before with a name that fits several: not compared: 1.png"
        + "|1 image after with a name that fits several: not compared: A/1.png",
        " · 1 image matched by the end of the name")]
    [InlineData(
        "images/x/1.png images/y/2.png", "images/x/1.png images/z/2.png", "x/1.png",
        "1 image only before: y/2.png|1 image only after: z/2.png", "")]
    [InlineData("one/1.png", "two/1.png", "1.png", "", "")]
    public async Task Compare_FoldersWithOtherNames_AreMatchedByTheirEnds(
        string before, string after, string pairs, string apart, string told)
    {
        static DetectionResult[] Read(string text, params (string, double)[] found) =>
            [.. text.Split(' ').Select(one => one.Split('/', 2)).Select(one => Of(one[0], one[1], found))];
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenAsync(Read(before), Read(after, ("a", 0.9)));
        await page.GoAsync(server.Page, "#/compare");
        var expected = pairs.Split(' ');
        await page.UntilAsync($"document.querySelectorAll('.pair').length === {expected.Length}", "what differs is shown");
        Assert.Equal(
            expected,
            await page.Page.EvaluateExpressionAsync<string[]>(
                "[...document.querySelectorAll('.pair-head bdi')].map(name => name.textContent).sort()"));
        Assert.Equal(apart, string.Join('|', await ApartAsync(page)));
        Assert.Equal(
            $"{expected.Length} of {expected.Length} images differ. m 1 → m 1{told}", await page.TextAsync(".compare-page > .muted"));
    }

    [Fact]
    public async Task Compare_FoldersWhoseNamesFitSeveral_SaysSo()
    {
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenAsync(
            [Compared.Result("1.png", "1")], [Compared.Result("a/1.png", "1"), Compared.Result("b/1.png", "1")]);
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelector('.sums button')", "it was compared");
        Assert.Equal(
            "No name fits one of the other side only, so nothing is compared.", await page.TextAsync(".compare-page > .muted"));
        Assert.Equal(2, await page.CountAsync(".apart details"));
    }

    [Fact]
    public async Task Compare_PageMadeNarrower_KeepsTheBoxesOnTheirObjects()
    {
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenAsync(
            [Compared.Result("a.png", "1", ("a", 0.9))], [Compared.Result("a.png", "1", ("a", 0.9), ("b", 0.9), ("c", 0.9))]);
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelectorAll('.pair canvas').length === 2", "what differs is shown");
        foreach (var width in new[] { 1280, 600, 1500 })
        {
            await page.Page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 800 });
            await page.DrawnAsync();
            Assert.Equal(
                "true true",
                await page.Page.EvaluateExpressionAsync<string>(
                    """
                    [...document.querySelectorAll('.pair canvas')].map(canvas =>
                      Math.abs(canvas.width / Math.min(2, devicePixelRatio) - canvas.clientWidth) < 1
                        && Math.abs(canvas.height / Math.min(2, devicePixelRatio) - canvas.clientHeight) < 1
                        && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)).join(' ')
                    """));
        }
    }

    /// <summary>On a small screen, and beside long lists of names, the last pair can be brought into sight whole.</summary>
    [Theory]
    [InlineData(375, 667, false)]
    [InlineData(375, 667, true)]
    [InlineData(667, 375, true)]
    [InlineData(1280, 800, true)]
    public async Task Compare_LastPair_CanBeReached(int width, int height, bool areListsOpen)
    {
        await using var page = await chromium.OpenAsync(width, height);
        await using var server = await OpenJobsAsync(Many("before", "1"), Many("after", "2", ("a", 0.9)));
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelectorAll('.pair').length > 0", "what differs is shown");
        if (areListsOpen)
        {
            await page.Page.EvaluateExpressionAsync("document.querySelectorAll('.apart details').forEach(list => { list.open = true; })");
        }

        await page.DrawnAsync();
        await page.Page.EvaluateExpressionAsync(
            """
            (() => {
              const [main, list] = [document.querySelector('main'), document.querySelector('.pairs')];
              // As somebody does it, with a wheel or a finger: what cannot be scrolled so stays where it is.
              if (getComputedStyle(main).overflowY !== 'hidden') main.scrollTop = main.scrollHeight;
              list.scrollTop = list.scrollHeight;
            })()
            """);
        await page.UntilAsync("document.querySelector('.pair[aria-posinset=\"40\"]')", "the last pair is made");
        await page.DrawnAsync();
        Assert.Equal(
            "in sight",
            await page.Page.EvaluateExpressionAsync<string>(
                """
                (() => {
                  const [area, pair] = [document.querySelector('main'), document.querySelector('.pair[aria-posinset="40"]')]
                    .map(one => one.getBoundingClientRect());
                  return pair.top >= area.top - 1 && pair.bottom <= area.bottom + 1
                    ? 'in sight' : `${pair.top} to ${pair.bottom} of ${area.bottom}`;
                })()
                """));
        Assert.True(await page.Page.EvaluateExpressionAsync<bool>(
            "document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= innerWidth"));
        await page.KeepPictureAsync($"compare-lists-{width}-{areListsOpen}");
        page.HasNoComplaint();
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task Axe_CompareWithOpenLists_HasNoSeriousFinding(string theme)
    {
        await using var page = await chromium.OpenAsync(theme: theme);
        await using var server = await OpenJobsAsync(Many("before", "1"), Many("after", "2", ("a", 0.9)));
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelectorAll('.apart details').length === 3", "the lists are there");
        await page.Page.EvaluateExpressionAsync("document.querySelectorAll('.apart details').forEach(list => { list.open = true; })");
        await page.Page.WaitForNetworkIdleAsync(new WaitForNetworkIdleOptions { IdleTime = 300 });
        Assert.Empty(await ViewerTests.SeriousFindingsAsync(page));

        // The keyboard comes into a list, and scrolls it.
        await page.Page.FocusAsync(".apart summary");
        await page.Page.Keyboard.PressAsync("Tab");
        Assert.Equal(
            "30 images only before",
            await page.Page.EvaluateExpressionAsync<string>("document.activeElement.closest('.apart ul')?.getAttribute('aria-label')"));
        await page.Page.Keyboard.PressAsync("End");
        await page.UntilAsync("document.activeElement.scrollTop > 0", "the list is scrolled");
        page.HasNoComplaint();
    }

    /// <summary>
    /// Which images are the same depends on no slider. A look at many results lets the page go on, also at those that are not compared.
    /// </summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public async Task Compare_ScoreChanges_PairsNothingAgainAndPauses(string after)
    {
        static DetectionResult[] Read(string folder) =>
            [.. Enumerable.Range(0, 400).Select(i => Compared.Result($"{folder}/{i:D4}.png", "1"))];
        await using var page = await chromium.OpenAsync();
        await using var server = await OpenJobsAsync(Read("a"), Read(after));
        await page.GoAsync(server.Page, "#/compare");
        await page.UntilAsync("document.querySelector('.sums button')", "it was compared");
        await page.Page.EvaluateExpressionAsync(
            """
            (() => {
              globalThis.seen = { put: 0, pauses: 0 };
              // Each look at the clock finds it a millisecond later.
              let now = performance.now();
              performance.now = () => ++now;
              scheduler.yield = () => { seen.pauses++; return Promise.resolve(); };
              const put = Map.prototype.set;
              Map.prototype.set = function (...one) { seen.put++; return put.apply(this, one); };
              new MutationObserver(() => { seen.done = true; })
                .observe(document.querySelector('.sums'), { childList: true, subtree: true });
            })()
            """);
        await page.SlideAsync("#compare-score", 0.5);
        await page.UntilAsync("seen.done", "it was compared again");

        Assert.InRange(await page.Page.EvaluateExpressionAsync<int>("seen.put"), 0, 50);
        Assert.InRange(await page.Page.EvaluateExpressionAsync<int>("seen.pauses"), 15, 100);
    }

    /// <summary>A result of an image in a container; in none, where its name is empty.</summary>
    private static DetectionResult Of(string container, string name, (string, double)[] found)
    {
        var text = Encoding.UTF8.GetString(Compared.Result(name, "1", found).ToUtf8Json());
        var written = container.Length == 0 ? "null" : $"\"{container}\"";
        return DetectionResult.Parse(Encoding.UTF8.GetBytes(
            text.Replace("\"container\":\"images\"", $"\"container\":{written}", StringComparison.Ordinal)));
    }

    /// <summary>40 images of both, 30 of one side alone, and 30 with other content on each side.</summary>
    private static DetectionResult[] Many(string side, string etag, params (string, double)[] found) =>
    [
        .. Enumerable.Range(0, 40).Select(i => Compared.Result($"both/{i:D4}.png", "1", found)),
        .. Enumerable.Range(0, 30).Select(i => Compared.Result($"{side}/a-name-that-is-as-long-as-some-names-are-{i:D4}.png", "1", found)),
        .. Enumerable.Range(0, 30).Select(i => Compared.Result($"written/{i:D4}.png", etag, found)),
    ];

    /// <summary>What is listed beside what is compared: each list's title and names.</summary>
    private static Task<string[]> ApartAsync(BrowserPage page) => page.Page.EvaluateExpressionAsync<string[]>(
        """
        [...document.querySelectorAll('.apart details')].map(list =>
          `${list.querySelector('summary').textContent}: ${[...list.querySelectorAll('li')].map(name => name.textContent)}`)
        """);

    /// <summary>Two jobs of one account.</summary>
    private static Task<ViewServer> OpenJobsAsync(DetectionResult[] before, DetectionResult[] after) => ViewServer.StartAsync(
        MadeResults.OfJob("20260102-000000-abcdef", after), MadeResults.OfJob("20260101-000000-abcdef", before), port: 0, App.Cancellation);

    private static async Task<ViewServer> OpenAsync(DetectionResult[] before, DetectionResult[] after)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-compare-");
        try
        {
            var read = new List<FolderResults>();
            foreach (var (name, results) in new[] { ("before", before), ("after", after) })
            {
                var file = Path.Combine(folder.CreateSubdirectory(name).FullName, "all.ndjson");
                await File.WriteAllBytesAsync(
                    file, [.. results.SelectMany(result => result.ToUtf8Json().Append((byte)'\n'))], App.Cancellation);
                read.Add(await FolderResults.ReadAsync(file, images: null, App.Cancellation));
            }

            return await ViewServer.StartAsync(read[1], read[0], port: 0, App.Cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
