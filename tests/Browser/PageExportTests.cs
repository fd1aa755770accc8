using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The page's own control for exports: the file has what the page shows, whichever filter is set.</summary>
[Collection("One page at a time")]
public sealed class PageExportTests(RunningApp app, Chromium chromium)
{
    private const string Odd = "exports/ÀΣİK.png";

    [Theory]
    [InlineData("", 9)]
    [InlineData("min=1", 9)]
    [InlineData("q=RTS/000", 6)]
    [InlineData("q=000&class=red", 3)]
    [InlineData("q=%C3%80%CF%83", 1)]
    [InlineData("q=%C4%B0k.", 1)]
    [InlineData("q=%C3%A0%CF%82", 0)]
    [InlineData("class=red&min=0.1", 4)]
    [InlineData("class=green&min=0.1&status=found", 3)]
    [InlineData("class=zebra", 0)]
    [InlineData("status=found", 7)]
    [InlineData("status=found&min=1", 0)]
    [InlineData("status=none", 0)]
    [InlineData("status=none&min=1", 7)]
    [InlineData("status=none&min=1&q=2", 1)]
    [InlineData("status=failed", 2)]
    [InlineData("code=image_empty&status=failed", 1)]
    [InlineData("code=image_empty", 1)]
    public async Task Export_WhateverThePageShows_HasExactlyThat(string filter, int images)
    {
        var job = await JobAsync(app);
        await using var page = await chromium.OpenAsync(1600, 1200);
        await page.GoAsync(app.Address, $"#/results?job={job}&{filter}");
        await ExportIsWhatIsShownAsync(page, images);
    }

    [Theory]
    [InlineData("min=1", 9)]
    [InlineData("q=000&class=red", 3)]
    [InlineData("status=none&min=1", 7)]
    public async Task Export_OfAFolder_HasExactlyWhatThePageShows(string filter, int images)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-view-");
        try
        {
            var items = (await app.App.GetAsync($"api/results?job={await JobAsync(app)}")).Body.GetProperty("items");
            await File.WriteAllLinesAsync(
                Path.Combine(folder.FullName, "all.ndjson"), items.EnumerateArray().Select(item => item.GetRawText()), App.Cancellation);
            await using var server = await ViewServer.StartAsync(
                await FolderResults.ReadAsync(folder.FullName, images: null, App.Cancellation), before: null, port: 0, App.Cancellation);
            await using var page = await chromium.OpenAsync(1600, 1200);
            await page.GoAsync(server.Page, $"#/results?{filter}");
            await ExportIsWhatIsShownAsync(page, images);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Export_ButtonWithoutChosen_HasTheImagesWithoutObjects()
    {
        var job = await JobAsync(app);
        await using var page = await chromium.OpenAsync(1600, 1200);
        await page.GoAsync(app.Address, $"#/results?job={job}");
        await page.UntilAsync("document.querySelectorAll('.grid-items > li').length === 9", "every image is shown");
        await page.SlideAsync("#score", 1);
        await page.ClickAsync(".chips button[data-status=none]");
        await page.Page.TypeAsync("input[type=search]", "0001");
        await page.UntilAsync("document.querySelector('.count-line strong').innerText === '1'", "one image is left");

        var (name, content) = await page.SaveAsync(() => page.Page.SelectAsync(".export", "csv"));

        Assert.Equal("results.csv", name);
        var row = Assert.Single(Rows(content));
        Assert.Equal(("exports/0001.png", "", "detected"), row);
        page.HasNoComplaint();
    }

    /// <summary>Only the page has the ground truth.</summary>
    [Fact]
    public async Task Export_FilterByGroundTruth_IsNotOfferedAndSaysWhy()
    {
        var job = await JobAsync(app);
        var truth = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.json");
        await File.WriteAllTextAsync(
            truth,
            """{"images":[{"id":1,"file_name":"exports/0000.png"}],"categories":[{"id":1,"name":"red"}],"annotations":[]}""",
            App.Cancellation);
        try
        {
            await using var page = await chromium.OpenAsync(1600, 1200);
            await page.GoAsync(app.Address, $"#/results?job={job}");
            await page.UntilAsync("document.querySelector('.judged input[type=file]')", "a file can be chosen");
            await (await page.Page.QuerySelectorAsync(".judged input[type=file]")).UploadFileAsync(truth);
            await page.ClickAsync(".judged .chips button:nth-child(2)");
            await page.UntilAsync("document.querySelector('.export').disabled", "the export is off");
            Assert.Equal("1", await page.TextAsync(".count-line strong"));
            Assert.Contains("ground truth", await page.Page.EvaluateExpressionAsync<string>("document.querySelector('.export').title"),
                StringComparison.Ordinal);
            Assert.Contains("ground truth", await page.TextAsync("#export-reason"), StringComparison.Ordinal);

            await page.ClickAsync(".judged .chips button:nth-child(1)");
            await page.UntilAsync("!document.querySelector('.export').disabled", "it is on again");
            var (_, content) = await page.SaveAsync(() => page.Page.SelectAsync(".export", "csv"));
            Assert.Equal(9, Rows(content).Select(row => row.Name).Distinct().Count());
            page.HasNoComplaint();
        }
        finally
        {
            File.Delete(truth);
        }
    }

    [Fact]
    public async Task Export_EveryFormat_IsSavedUnderItsName()
    {
        var job = await JobAsync(app);
        await using var page = await chromium.OpenAsync(1600, 1200);
        await page.GoAsync(app.Address, $"#/results?job={job}");
        await page.UntilAsync("document.querySelectorAll('.grid-items > li').length === 9", "every image is shown");
        var formats = await page.Page.EvaluateExpressionAsync<string[]>(
            "[...document.querySelectorAll('.export option')].map(option => option.value).filter(Boolean)");

        var names = new List<string>();
        foreach (var format in formats)
        {
            var (name, content) = await page.SaveAsync(() => page.Page.SelectAsync(".export", format));
            Assert.NotEmpty(content);
            names.Add(name);
        }

        Assert.Equal(
            [
                "results.csv", "results.ndjson", "results.parquet", "coco.zip", "instances.json", "yolo.zip", "voc.zip", "labelstudio.zip",
                "azureml.jsonl",
            ],
            names);
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Export_FormatWithoutAPlaceForFailures_SaysThatNothingIsLeft()
    {
        var job = await JobAsync(app);
        await using var page = await chromium.OpenAsync(1600, 1200);
        await page.GoAsync(app.Address, $"#/results?job={job}&status=failed");
        await page.UntilAsync("document.querySelectorAll('.grid-items > li').length === 2", "the failures are shown");
        await page.Page.SelectAsync(".export", "yolo");

        await page.UntilAsync("document.querySelector('.note.error')?.innerText.includes('only failures')", "the page says so");
    }

    /// <summary>Reads what tiles show, and compares it with the saved file, image by image and object by object.</summary>
    private static async Task ExportIsWhatIsShownAsync(BrowserPage page, int images)
    {
        await page.UntilAsync("document.querySelectorAll('.export option').length === 10", "the formats are there");
        await page.UntilAsync(
            $"document.querySelector('.content > progress').hidden && document.querySelectorAll('.grid-items > li').length === {images} "
            + $"&& document.querySelector('.count-line strong').innerText === '{images}'",
            $"{images} images are shown");
        if (images == 0)
        {
            Assert.True(await page.Page.EvaluateExpressionAsync<bool>("document.querySelector('.export').disabled"));
            Assert.EndsWith("· 0 objects", await page.TextAsync(".count-line"), StringComparison.Ordinal);
            return;
        }

        await page.UntilAsync("[...document.querySelectorAll('.tile .count')].every(count => count.innerText)", "every image is drawn");
        var shown = JsonSerializer.Deserialize<string[][]>(await page.Page.EvaluateExpressionAsync<string>(
            """
            JSON.stringify([...document.querySelectorAll('.tile')].map(tile =>
              [tile.querySelector('.name').title, tile.querySelector('.count').innerText]))
            """))!;

        var (_, content) = await page.SaveAsync(() => page.Page.SelectAsync(".export", "csv"));

        var rows = Rows(content);
        var objects = rows.Count(row => row.Class.Length > 0);
        Assert.EndsWith(objects == 1 ? "· 1 object" : $"· {objects} objects", await page.TextAsync(".count-line"), StringComparison.Ordinal);
        var saved = rows.GroupBy(row => row.Name).Select(of => $"{of.Key}: " + of.Count(row => row.Class.Length > 0) switch
        {
            0 when of.First().Status == "failed" => "failed",
            1 => "1 object",
            var many => $"{many} objects",
        });
        Assert.Equal(shown.Select(tile => $"{tile[0]}: {tile[1]}").Order(StringComparer.Ordinal), saved.Order(StringComparer.Ordinal));
    }

    private static List<(string Name, string Class, string Status)> Rows(byte[] csv) =>
    [
        .. Encoding.UTF8.GetString(csv).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(',')).Select(cells => (cells[1], cells[6], cells[2])),
    ];

    private static string? _job;

    /// <summary>Six images, one with a name of other scripts, and two failures.</summary>
    internal static async Task<string> JobAsync(RunningApp app)
    {
        var good = ViewerTests.Pictures("exports", 6).ToArray();
        return _job ??= await app.DetectAsync(
            "exports/", [.. good, (Odd, good[0].Bytes), ("exports/bad2.png", good[1].Bytes[..50]), ("exports/empty.jpg", [])]);
    }
}
