using System.Globalization;
using System.Text.Json;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>More results than a page can have elements for.</summary>
[Collection("One page at a time")]
public sealed class ManyResultsTests(Chromium chromium)
{
    [Fact]
    public async Task Grid_TwentyThousandResults_HasElementsForWhatIsSeenOnly()
    {
        await using var server = await ViewServer.StartAsync(MadeResults.Many(20_000), before: null, port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync();
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '20,000'", "every result is loaded", 90);
        await page.Page.FocusAsync(".tile[tabindex='0']");
        await page.Page.Keyboard.PressAsync("End");
        await page.UntilAsync(
            "document.activeElement.closest('li')?.getAttribute('aria-posinset') === '20000'", "the last one has the focus");

        Assert.True(await page.CountAsync(".grid-items > li") < 100, "Expected tiles for what is seen only.");
        Assert.True(await page.CountAsync("*") < 2000, "Expected few elements.");
    }

    [Fact]
    public async Task GroundTruth_OfTheLastOfManyResults_IsInTheSums()
    {
        await using var server = await ViewServer.StartAsync(MadeResults.Many(21_000), before: null, port: 0, App.Cancellation);
        var truth = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.json");
        await File.WriteAllTextAsync(
            truth,
            """
            {"images":[{"id":1,"file_name":"0000000.jpg"},{"id":2,"file_name":"2026-01/0020999.jpg"},{"id":3,"file_name":"none.jpg"}],
             "categories":[{"id":1,"name":"person"}],
             "annotations":[{"image_id":1,"category_id":1,"bbox":[600,470,1,1]},{"image_id":2,"category_id":1,"bbox":[600,470,1,1]}]}
            """,
            App.Cancellation);
        try
        {
            await using var page = await chromium.OpenAsync();
            await page.Page.GoToAsync(server.Page.AbsoluteUri);
            await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '21,000'", "every result is loaded", 90);
            await (await page.Page.QuerySelectorAsync(".judged input[type=file]")).UploadFileAsync(truth);
            await page.UntilAsync("document.querySelector('.judged .missed')?.innerText === '2 missed'", "both images are summed");
            Assert.Contains("2 of 21,000", await page.TextAsync(".judged .facts"), StringComparison.Ordinal);
            Assert.Contains("20,998 images not in the file", await page.TextAsync(".judged .name-list"), StringComparison.Ordinal);
            Assert.Contains("1 image of the file without a result", await page.TextAsync(".judged"), StringComparison.Ordinal);
            page.HasNoComplaint();
        }
        finally
        {
            File.Delete(truth);
        }
    }

    /// <summary>
    /// The elements of what was scrolled past serve what comes: dead ones are garbage whose collection stops the page for a tenth of a
    /// second. A tile that showed a failure then shows a picture, and the other way round.
    /// </summary>
    [Fact]
    public async Task Grid_ScrolledThrough_ShowsOtherImagesWithTheSameElements()
    {
        await using var server = await ViewServer.StartAsync(
            MadeResults.Many(3_000, failedEach: 7), before: null, port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync();
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '3,000'", "every result is loaded", 90);
        using var seen = JsonDocument.Parse(await page.Page.EvaluateExpressionAsync<string>(
            """
            (async () => {
              const [grid, make, passed, wrong] = [document.querySelector('.grid'), document.createElement, new Set(), []];
              let made = 0;
              document.createElement = function (tag) {
                if (tag === 'canvas') made++;
                return make.apply(this, arguments);
              };
              const check = tile => {
                const index = Number(tile.getAttribute('aria-posinset')) - 1;
                const [name, failed] = [`${String(index).padStart(7, '0')}.jpg`, index % 7 === 0];
                passed.add(index);
                const right = tile.querySelector('.name').textContent === name && tile.querySelector('a').href.includes(name)
                  && tile.querySelector('.picture').classList.contains('failed') === failed
                  && (tile.querySelector('.why').offsetParent !== null) === failed
                  && (tile.querySelector('canvas').offsetParent !== null) === !failed
                  && (tile.querySelector('.why').textContent === 'image_corrupt') === failed
                  && (tile.querySelector('.count').textContent === 'failed') === failed;
                if (!right) wrong.push(tile.outerHTML);
              };
              while (grid.scrollTop < grid.scrollHeight - grid.clientHeight - 1) {
                grid.scrollTop += grid.clientHeight / 2;

                // A frame makes as many tiles as it has time for: three that make none have all.
                let shown = '';
                for (let same = 0; same < 3;) {
                  await new Promise(resolve => requestAnimationFrame(resolve));
                  const now = [...document.querySelectorAll('.grid-items > li')].map(tile => tile.getAttribute('aria-posinset')).join();
                  same = now === shown ? same + 1 : 0;
                  shown = now;
                }
                document.querySelectorAll('.grid-items > li').forEach(check);
              }
              return JSON.stringify({ made, passed: passed.size, wrong });
            })()
            """));

        Assert.Empty(seen.RootElement.GetProperty("wrong").EnumerateArray().Select(tile => tile.GetString()));
        Assert.Equal(3_000, seen.RootElement.GetProperty("passed").GetInt32());
        Assert.True(seen.RootElement.GetProperty("made").GetInt32() < 100, $"Expected few new canvases, found {seen.RootElement}.");
        page.HasNoComplaint();
    }

    /// <summary>
    /// Browsers cut an element off somewhere above 17 million pixels; a quarter of a million rows are higher. The last ones are in sight all
    /// the same, and each is where the one before it ends.
    /// </summary>
    [Fact]
    public async Task Grid_HigherThanAnElementMayBe_ShowsItsFirstMiddleAndLastRows()
    {
        await using var server = await ViewServer.StartAsync(MadeResults.Many(1), before: null, port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync(375, 720);
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelector('.tile')", "the page is there");
        using var seen = JsonDocument.Parse(await page.Page.EvaluateExpressionAsync<string>(
            """
            (async () => {
              const { Grid } = await import(new URL('grid.js', document.baseURI));
              const count = 250_000;
              const grid = new Grid({ label: 'Many', open: index => `#${index}`, boxes: () => [] });
              const main = document.querySelector('main');
              main.replaceChildren(grid.element);
              grid.element.style.height = '600px';
              grid.zoom(330);
              grid.show({ image: index => ({ name: `${index}.png`, width: 4, height: 3 }), error: () => ({ code: 'x' }) },
                Uint32Array.from({ length: count }, (_, i) => i));
              const still = async () => { for (let i = 0; i < 8; i++) await new Promise(resolve => requestAnimationFrame(resolve)); };
              // What has the focus stays where it is, far out of sight, and makes the track no longer.
              const look = async () => {
                await still();
                const area = grid.element.getBoundingClientRect();
                const tiles = [...grid.element.querySelectorAll('li')]
                  .map(tile => ({ at: Number(tile.getAttribute('aria-posinset')) - 1, box: tile.getBoundingClientRect() }))
                  .sort((a, b) => a.at - b.at);
                const near = tiles.filter(({ box }) => Math.abs(box.top - area.top) < 5000);
                const steps = near.slice(1).map((tile, i) => Math.round((tile.box.top - near[i].box.top) * 10) / 10);
                return { inSight: tiles.filter(({ box }) => box.bottom > area.top + 1 && box.top < area.bottom - 1).map(({ at }) => at),
                  steps: [...new Set(steps)].filter(step => step > 0), row: grid.rowHeight, height: grid.element.scrollHeight };
              };
              const first = await look();
              grid.focus(count / 2);
              const middle = await look();
              grid.element.scrollTop = grid.element.scrollHeight;
              const last = await look();
              return JSON.stringify({ first, middle, last, columns: grid.columns });
            })()
            """));

        var all = seen.RootElement;
        Assert.Equal(1, all.GetProperty("columns").GetInt32());
        int[] InSight(string where) => [.. all.GetProperty(where).GetProperty("inSight").EnumerateArray().Select(at => at.GetInt32())];
        Assert.Equal([0, 1], InSight("first")[..2]);
        Assert.Contains(125_000, InSight("middle"));
        Assert.Equal(249_999, InSight("last")[^1]);
        foreach (var where in (string[])["first", "middle", "last"])
        {
            Assert.Equal(15_000_000, all.GetProperty(where).GetProperty("height").GetInt32());
            var row = all.GetProperty(where).GetProperty("row").GetDouble();
            Assert.All(
                all.GetProperty(where).GetProperty("steps").EnumerateArray(), step => Assert.Equal(row, step.GetDouble(), tolerance: 1.1));
        }

        page.HasNoComplaint();
    }

    /// <summary>
    /// Results come in while somebody looks at some: what is in sight stays, also where the track has to stand for more pixels than before.
    /// </summary>
    [Fact]
    public async Task Grid_MoreResultsThanATrackHasPixels_KeepsWhatIsInSight()
    {
        await using var server = await ViewServer.StartAsync(MadeResults.Many(1), before: null, port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync(375, 720);
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelector('.tile')", "the page is there");
        var seen = await page.Page.EvaluateExpressionAsync<string[]>(
            """
            (async () => {
              const { Grid } = await import(new URL('grid.js', document.baseURI));
              const grid = new Grid({ label: 'Many', open: index => `#${index}`, boxes: () => [] });
              document.querySelector('main').replaceChildren(grid.element);
              grid.element.style.height = '600px';
              grid.zoom(330);
              const store = { image: index => ({ name: `${index}.png`, width: 4, height: 3 }), error: () => ({ code: 'x' }) };
              const look = async () => {
                for (let i = 0; i < 8; i++) await new Promise(resolve => requestAnimationFrame(resolve));
                const area = grid.element.getBoundingClientRect();
                const tiles = [...grid.element.querySelectorAll('li')]
                  .map(tile => ({ at: Number(tile.getAttribute('aria-posinset')) - 1, top: tile.getBoundingClientRect().top - area.top }));
                return tiles.filter(({ top }) => top > -100 && top < 600)
                  .map(({ at, top }) => `${at} ${Math.round(top / 4)}`).sort().join();
              };
              const found = [];
              for (const count of [30_000, 120_000, 180_000, 250_000]) {
                grid.show(store, Uint32Array.from({ length: count }, (_, i) => i), found.length > 0);
                if (!found.length) {
                  await look();
                  grid.track.top = 20_000 * grid.rowHeight;
                }
                found.push(await look());
              }
              return found;
            })()
            """);

        Assert.Contains("20000 3", seen[0], StringComparison.Ordinal);
        Assert.All(seen, one => Assert.Equal(seen[0], one));
        page.HasNoComplaint();
    }

    /// <summary>
    /// A window that becomes narrower, or wider, has other columns. What was looked at is still in sight, and the keyboard is where it was.
    /// </summary>
    [Fact]
    public async Task Grid_OtherColumns_KeepsThePlaceAndTheFocus()
    {
        await using var server = await ViewServer.StartAsync(MadeResults.Many(3_000), before: null, port: 0, App.Cancellation);
        await using var page = await chromium.OpenAsync(1440, 900);
        await page.Page.GoToAsync(server.Page.AbsoluteUri);
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '3,000'", "every result is loaded", 90);
        await page.Page.FocusAsync(".tile[tabindex='0']");
        for (var i = 0; i < 40; i++)
        {
            await page.Page.Keyboard.PressAsync("PageDown");
        }

        const string First =
            """
            (() => {
              const { top } = document.querySelector('.grid').getBoundingClientRect();
              return Math.min(...[...document.querySelectorAll('.grid-items > li')]
                .filter(tile => tile.getBoundingClientRect().bottom > top + 12).map(tile => Number(tile.getAttribute('aria-posinset'))));
            })()
            """;
        const string Focused = "document.activeElement.closest('.grid-items > li')?.getAttribute('aria-posinset') ?? 'nothing of the grid'";
        const string Columns =
            "new Set([...document.querySelectorAll('.grid-items > li')].map(tile => tile.getBoundingClientRect().left)).size";
        await page.DrawnAsync();
        var first = await page.Page.EvaluateExpressionAsync<int>(First);
        var focused = await page.Page.EvaluateExpressionAsync<string>(Focused);
        var columns = await page.Page.EvaluateExpressionAsync<int>(Columns);
        Assert.NotEqual("nothing of the grid", focused);
        Assert.True(first > 100, $"Expected to be far down, found {first}.");

        // There, step by step as a window's edge is dragged, and back.
        foreach (var width in new[] { 1200, 1000, 1100, 760, 1300, 1440 })
        {
            await page.Page.SetViewportAsync(new PuppeteerSharp.ViewPortOptions { Width = width, Height = 900 });
            await page.DrawnAsync();
            await page.DrawnAsync();
            var (now, most) = (await page.Page.EvaluateExpressionAsync<int>(First), await page.Page.EvaluateExpressionAsync<int>(Columns));
            Assert.InRange(first, now, now + most - 1);
            Assert.Equal(focused, await page.Page.EvaluateExpressionAsync<string>(Focused));
        }

        Assert.Equal(columns, await page.Page.EvaluateExpressionAsync<int>(Columns));
        Assert.Equal(first, await page.Page.EvaluateExpressionAsync<int>(First));
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.UntilAsync(
            $"{Focused} === '{int.Parse(focused, CultureInfo.InvariantCulture) + 1}'", "the arrow keys go on from there");
        page.HasNoComplaint();
    }
}
