using System.Text.Json;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Ground truth on the page: which image of the file is which, and what is true, false and missed.</summary>
[Collection("One page at a time")]
public sealed class GroundTruthTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task GroundTruth_OfWhatIsNotFound_MarksFalseAndMissed()
    {
        var job = await app.DetectAsync("truth/", ViewerTests.Pictures("truth", 4));
        await using var page = await OpenAsync(job, JsonSerializer.Serialize(new
        {
            images = Enumerable.Range(0, 4).Select(i => new { id = i, file_name = $"{i:D4}.png" }),
            categories = new[] { new { id = 1, name = "red" }, new { id = 2, name = "green" } },
            annotations = new object[]
            {
                new { id = 1, image_id = 0, category_id = 1, bbox = new[] { 0, 0, 160, 120 }, iscrowd = 0 },
                new { id = 2, image_id = 1, category_id = 1, bbox = new[] { 150, 110, 5, 5 }, iscrowd = 0 },
            },
        }));

        await page.UntilAsync("document.querySelector('.judged .missed')", "verdicts are there");
        Assert.Equal("2 missed", await page.TextAsync(".judged .verdict .missed"));
        Assert.Equal("0 true", await page.TextAsync(".judged .verdict .true"));
        Assert.StartsWith("Precision\n0.0 %\nRecall\n0.0 %\n", await page.TextAsync(".judged .facts"), StringComparison.Ordinal);
        page.HasNoComplaint();
    }

    [Fact]
    public async Task GroundTruth_OfOneClass_MissesNothingOfTheOthers()
    {
        // One image with red and two with green; everything is found where the file says.
        var job = await app.DetectAsync("truth-class/", ViewerTests.Pictures("truth-class", 4).Where((_, i) => i != 2));
        var items = (await app.App.GetAsync($"api/results?job={job}")).Body.GetProperty("items").EnumerateArray().ToArray();
        string[] classes = [.. items.SelectMany(item => item.GetProperty("detections").EnumerateArray())
            .Select(found => found.GetProperty("className").GetString()!)];
        var red = classes.Count(name => name == "red");
        Assert.InRange(red, 1, classes.Length - 1);
        await using var page = await OpenAsync(job, JsonSerializer.Serialize(new
        {
            images = items.Select((item, i) => new { id = i, file_name = item.GetProperty("image").GetProperty("name").GetString() }),
            categories = new[] { new { id = 1, name = "red" }, new { id = 2, name = "green" } },
            annotations = items.SelectMany((item, i) => item.GetProperty("detections").EnumerateArray().Select(found => new
            {
                image_id = i,
                category_id = found.GetProperty("className").GetString() == "red" ? 1 : 2,
                bbox = new[] { "x", "y", "width", "height" }.Select(side => found.GetProperty("box").GetProperty(side).GetDouble()),
            })),
        }));
        await page.UntilAsync($"document.querySelector('.judged .true')?.innerText === '{classes.Length} true'", "everything is true");
        await page.ClickAsync(".classes button[title=red]");
        await page.UntilAsync($"document.querySelector('.judged .true')?.innerText === '{red} true'", "the sums are of red");
        Assert.Equal("0 missed", await page.TextAsync(".judged .missed"));
        Assert.Equal(
            ["100.0 %", "100.0 %"],
            await page.Page.EvaluateExpressionAsync<string[]>(
                "[...document.querySelectorAll('.judged .facts dd')].slice(0, 2).map(dd => dd.innerText)"));
        page.HasNoComplaint();
    }

    /// <summary>The file does not say where each of a crowd is: what lies at least half in one of its class is neither true nor false.</summary>
    [Fact]
    public async Task GroundTruth_WhatIsFoundInACrowd_IsNeitherTrueNorFalse()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        var found = await page.Page.EvaluateExpressionAsync<string[]>(
            """
            (async () => {
              const { Truth } = await import(new URL('match.js', document.baseURI));
              const truth = new Truth({ images: [{ id: 1, file_name: 'a.png' }], categories: [{ id: 1, name: 'person' }, { id: 2, name: 'car' }],
                annotations: [{ image_id: 1, category_id: 1, bbox: [0, 0, 100, 100], iscrowd: 1 },
                  { image_id: 1, category_id: 1, bbox: [10, 10, 20, 20], iscrowd: 0 }] });
              // Names that were not looked at yet are not judged: a picture may be drawn before.
              if (truth.judge('a.png', []) !== null) throw new Error('a name is judged that was not looked at');
              truth.look({ names: ['a.png'], length: 1 });
              const box = (className, x, width = 20) => ({ className, x, y: 10, width, height: 20 });
              const { boxes, right, wrong, missed } = truth.judge('a.png',
                [box('person', 10), box('person', 50), box('person', 60), box('car', 50), box('person', 89), box('person', 91), box('person', 95, 10)]);
              return [boxes.map(one => one.mark).join(), `${right} ${wrong} ${missed}`];
            })()
            """);

        Assert.Equal(["true,crowd,crowd,false,crowd,false,crowd", "1 2 0"], found);
    }

    /// <summary>An image that misses all it has of a class is what somebody looks for.</summary>
    [Fact]
    public async Task GroundTruth_WithMissedOfAClass_ShowsImagesWithoutAnyOfIt()
    {
        // Red in the first image, green in the second; the file says that the second has red, too.
        var job = await app.DetectAsync("truth-lacks/", ViewerTests.Pictures("truth-lacks", 2));
        await using var page = await OpenAsync(job, JsonSerializer.Serialize(new
        {
            images = new[] { new { id = 1, file_name = "0001.png" } },
            categories = new[] { new { id = 1, name = "red" } },
            annotations = new[] { new { id = 1, image_id = 1, category_id = 1, bbox = new[] { 150, 110, 5, 5 } } },
        }));
        string IsLeft(int index) => $"document.querySelector('.count-line strong').innerText === '1' "
            + $"&& document.querySelector('.tile .name')?.textContent.endsWith('000{index}.png')";
        await page.ClickAsync(".classes button[title=red]");
        await page.UntilAsync(IsLeft(0), "the image with red is left");
        await page.UntilAsync("document.querySelector('.judged .missed')?.innerText === '1 missed'", "the sums are of red");

        await page.ClickAsync(".judged .chips button:nth-child(3)");

        await page.UntilAsync(IsLeft(1), "the image that misses red is left");
        await page.UntilAsync("location.hash.includes('judged=missed')", "the address says so");
        page.HasNoComplaint();
    }

    /// <summary>A name that two images of the file, or two results, end with tells neither.</summary>
    [Theory]
    [InlineData("a/1.png,b/1.png", "a/1.png,b/1.png", "a/1.png,b/1.png")]
    [InlineData("1.png", "x/1.png", "1.png")]
    [InlineData("val/a/1.png,val/b/1.png", "up/a/1.png,up/b/1.png", "val/a/1.png,val/b/1.png")]
    [InlineData("val/a/1.png,val/b/1.png", "a/1.png,c/1.png", "val/a/1.png,ambiguous")]
    [InlineData("1.png", "a/1.png,b/1.png", "ambiguous,ambiguous")]
    [InlineData("a/1.png,b/1.png", "1.png", "ambiguous")]
    [InlineData("1.png,a/1.png", "1.png,a/1.png", "1.png,a/1.png")]
    [InlineData("1.png", "1.png,a/1.png", "1.png,ambiguous")]
    [InlineData("1.png,1.png", "1.png", "ambiguous")]
    [InlineData("1.png", "1.png,1.png", "ambiguous,ambiguous")]
    [InlineData("11.png", "1.png,x/2.png", "none,none")]
    public async Task GroundTruth_NamesWithFolders_AreMatchedOrListedAsNotMatched(string file, string results, string matches)
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        var found = await page.Page.EvaluateFunctionAsync<string>(
            """
            async (file, results) => {
              const { Truth } = await import('/api/viewer/match.js');
              const truth = new Truth({ images: file.map((file_name, id) => ({ id, file_name })), annotations: [], categories: [] });
              const store = { names: [], get length() { return this.names.length; } };
              for (const name of results) { // as pages come in
                store.names.push(name);
                truth.look(store);
              }
              const textOf = found => found.image?.name ?? (found.isAmbiguous ? 'ambiguous' : 'none');
              return store.names.map(name => textOf(truth.find(name))).join();
            }
            """,
            file.Split(','),
            results.Split(','));

        Assert.Equal(matches, found);
    }

    [Fact]
    public async Task GroundTruth_ImagesWithoutAMatch_AreListed()
    {
        var picture = ViewerTests.Pictures("x", 1).Single().Bytes;
        var job = await app.DetectAsync("match/", [("match/a/1.png", picture), ("match/b/1.png", picture), ("match/2.png", picture)]);
        await using var page = await OpenAsync(
            job, """{"images":[{"id":1,"file_name":"1.png"},{"id":2,"file_name":"2.png"}],"categories":[],"annotations":[]}""");

        await page.UntilAsync("document.querySelector('.name-list')", "what has no match is listed");
        Assert.Contains("1 of 3", await page.TextAsync(".judged .facts"), StringComparison.Ordinal);
        Assert.Equal("2 images with a name that fits several", await page.TextAsync(".name-list summary"));
        Assert.Equal(
            ["match/a/1.png", "match/b/1.png"],
            await page.Page.EvaluateExpressionAsync<string[]>(
                "[...document.querySelectorAll('.name-list li')].map(li => li.textContent)"));
        page.HasNoComplaint();
    }

    /// <summary>Opens a job's results and chooses a file of ground truth.</summary>
    private async Task<BrowserPage> OpenAsync(string job, string truth)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.json");
        await File.WriteAllTextAsync(file, truth, App.Cancellation);
        var page = await chromium.OpenAsync();
        try
        {
            await page.GoAsync(app.Address, $"#/results?job={job}");
            await page.UntilAsync("document.querySelector('.judged input[type=file]')", "a file can be chosen");
            await (await page.Page.QuerySelectorAsync(".judged input[type=file]")).UploadFileAsync(file);

            // The page has read it when it shows something else in its place.
            await page.UntilAsync("!document.querySelector('.judged input[type=file]')", "the file is read");
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
