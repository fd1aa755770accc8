using Nanodet.Detection.Results;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Two results side by side: what differs, by how much, and what cannot be compared.</summary>
[Collection("One page at a time")]
public sealed class CompareTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task Compare_TwoFolders_ListsTheLargestDifferenceFirstAndWhatIsNotCompared()
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
        await using var server = await OpenAsync(before, after);
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
            await page.Page.EvaluateExpressionAsync<string[]>(
                """
                [...document.querySelectorAll('.apart details')].map(list =>
                  `${list.querySelector('summary').textContent}: ${[...list.querySelectorAll('li')].map(name => name.textContent)}`)
                """));

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
