using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The README's picture: what the page shows of the demo's photos. With NANODET_PICTURE it is taken, otherwise compared.</summary>
[Collection("One page at a time")]
public sealed class ReadmePictureTests(Chromium chromium)
{
    private const int Width = 1200;
    private const int Height = 640;

    /// <summary>The mean difference of blocks of 20 x 20 pixels, of 255. Other fonts make less than that, another layout more.</summary>
    private const double MostDifference = 6;

    private static readonly string Picture = Path.Combine(Repository.Root, "docs", "images", "viewer.jpg");

    private static readonly string Package =
        Path.Combine(Repository.Root, "models", "demo", "node_modules", "@vladmandic", "human");

    private static readonly ScreenshotOptions Jpeg = new() { Type = ScreenshotType.Jpeg, Quality = 82 };

    [Fact]
    public async Task Picture_OfTheReadme_IsWhatThePageShows()
    {
        await using var page = await chromium.OpenAsync(Width, Height);
        Assert.True(Directory.Exists(Package), $"The demo's package is not installed at {Package}: ./test.sh installs it.");
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(await MakeModelAsync(), "1");
        await deployment.Images.UploadAsync(
            Directory.EnumerateFiles(Path.Combine(Package, "assets"), "*.jpg")
                .Where(file => Path.GetFileName(file) is var name
                    && (name.StartsWith("sample", StringComparison.Ordinal) || name.StartsWith("human-sample-", StringComparison.Ordinal)))
                .Select(file => (Path.GetFileName(file), File.ReadAllBytes(file))));
        var app = await deployment.StartAsync("all", ("AzureWebJobs.ImageUploaded.Disabled", "true"));
        await app.IsReadyAsync();
        await app.JobEndsAsync(await app.StartJobAsync(new { all = true }));

        await page.GoAsync(app.Host.Address, "#/results?min=0.35");
        await page.UntilAsync("document.querySelectorAll('.tile.loaded').length >= 4", "the photos are shown");
        await page.UntilAsync("document.querySelector('.health .good')", "the app is ready");
        await page.Page.WaitForNetworkIdleAsync();

        // The photos belong to others, so they are blurred beyond recognition; boxes, names and counts are what the app shows.
        await page.Page.EvaluateExpressionAsync(
            "document.querySelectorAll('.tile img').forEach(image => { image.style.filter = 'blur(10px)'; })");
        var tiles = await page.Page.EvaluateExpressionAsync<double[][]>(
            """
            [...document.querySelectorAll('.tile')].filter(tile => !tile.innerText.includes('\n0 objects'))
              .map(tile => tile.querySelector('.picture').getBoundingClientRect())
              .filter(area => area.bottom < innerHeight).map(area => [area.left, area.top, area.width, area.height])
            """);
        Assert.NotEmpty(tiles);
        var shown = await page.Page.ScreenshotDataAsync(Jpeg);
        await page.Page.EvaluateExpressionAsync($"{HideBoxes}; null");
        var bare = await page.Page.ScreenshotDataAsync(Jpeg);
        page.HasNoComplaint();
        if (Environment.GetEnvironmentVariable("NANODET_PICTURE") is { Length: > 0 })
        {
            await File.WriteAllBytesAsync(Picture, shown, App.Cancellation);
        }

        var found = await CompareAsync(page, await File.ReadAllBytesAsync(Picture, App.Cancellation), shown, bare, tiles);
        Assert.True(found.IsSame, $"docs/images/viewer.jpg shows another page: {found}. {HowToTakeIt}");

        // A page that changed is noticed.
        (string Name, string Change)[] changes =
        [
            ("boxes", "null"),
            ("filters", $"{ShowBoxes}; document.querySelector('.filters').style.display = 'none'"),
            ("colours", "document.querySelector('.filters').style.display = ''; document.documentElement.dataset.theme = 'dark'"),
        ];
        foreach (var (name, change) in changes)
        {
            await page.Page.EvaluateExpressionAsync($"{change}; null");
            var other = await CompareAsync(page, await page.Page.ScreenshotDataAsync(Jpeg), shown, bare, tiles);
            Assert.False(other.IsSame, $"A page with other {name} counts as the same: {other}.");
        }
    }

    private const string HideBoxes =
        "document.querySelectorAll('.tile canvas').forEach(canvas => { canvas.style.visibility = 'hidden'; })";

    private const string ShowBoxes = "document.querySelectorAll('.tile canvas').forEach(canvas => { canvas.style.visibility = ''; })";

    private const string HowToTakeIt =
        "Look at it and take it again: NANODET_PICTURE=1 dotnet exec "
        + "tests/Browser/bin/Release/net10.0/Nanodet.Serverless.Browser.Tests.dll -method '*.Picture_OfTheReadme_*'";

    /// <summary>The demo's trained model, made as the demo makes it.</summary>
    private static async Task<byte[]> MakeModelAsync()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-picture-");
        try
        {
            string PathOf(string name) => Path.Combine(folder.FullName, name);
            await RunAsync("demo-model", "--package", Package, "--output", folder.FullName);
            await RunAsync(
                "export", "--config", PathOf("nanodet-g.yml"), "--checkpoint", PathOf("nanodet-g.pth"), "--output", PathOf("model.onnx"));
            return await File.ReadAllBytesAsync(PathOf("model.onnx"), App.Cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task RunAsync(params string[] arguments)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(
            Repository.Root, "src", "Cli", "bin", output.Parent!.Name, output.Name, "Nanodet.Serverless.Cli.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(App.Cancellation);
        await process.StandardOutput.ReadToEndAsync(App.Cancellation);
        await process.WaitForExitAsync(App.Cancellation);
        Assert.True(process.ExitCode == 0, $"nanodet {arguments[0]}: {process.ExitCode} {await error}");
    }

    /// <summary>Compares a picture with what is shown. Bytes differ with every font and browser: sizes, areas and boxes do not.</summary>
    private static async Task<Found> CompareAsync(BrowserPage page, byte[] picture, byte[] shown, byte[] withoutBoxes, double[][] tiles)
    {
        await using var empty = await BrowserPage.OpenAsync(page.Page.Browser, Width, Height, "light");
        var text = await empty.Page.EvaluateFunctionAsync<string>(
            """
            async (picture, shown, withoutBoxes, tiles) => {
              const read = async text => {
                const image = new Image();
                image.src = `data:image/jpeg;base64,${text}`;
                await image.decode();
                const [width, height] = [image.naturalWidth, image.naturalHeight];
                const of = (area, scale) => {
                  const canvas = document.createElement('canvas');
                  [canvas.width, canvas.height] = [area[2] / scale, area[3] / scale].map(Math.round);
                  const context = canvas.getContext('2d');
                  context.imageSmoothingQuality = 'high';
                  context.drawImage(image, ...area, 0, 0, canvas.width, canvas.height);
                  return context.getImageData(0, 0, canvas.width, canvas.height).data;
                };
                return { width, height, blocks: of([0, 0, width, height], 20), tiles: tiles.map(area => of(area, 1)) };
              };
              const [one, other, bare] = [await read(picture), await read(shown), await read(withoutBoxes)];
              const boxes = (from, tile) => from.tiles[tile].reduce((sum, value, i) => sum + Math.abs(value - bare.tiles[tile][i]), 0);
              const hasSize = one.width === other.width && one.height === other.height;
              let sum = 0;
              one.blocks.forEach((value, i) => { sum += Math.abs(value - other.blocks[i]); });
              return JSON.stringify({
                hasSize,
                difference: hasSize ? sum / (one.blocks.length * 0.75) : 255,
                tilesWithoutBoxes: tiles.filter((_, i) => boxes(one, i) < boxes(other, i) / 2 || boxes(other, i) === 0).length,
              });
            }
            """,
            Convert.ToBase64String(picture),
            Convert.ToBase64String(shown),
            Convert.ToBase64String(withoutBoxes),
            tiles);
        return JsonSerializer.Deserialize<Found>(text, JsonSerializerOptions.Web)!;
    }

    /// <summary>How much a picture differs from what is shown.</summary>
    /// <param name="HasSize">Whether both have the same size.</param>
    /// <param name="Difference">The mean difference of blocks, of 255.</param>
    /// <param name="TilesWithoutBoxes">Tiles that boxes change by less than half of what they change in what is shown.</param>
    private sealed record Found(bool HasSize, double Difference, int TilesWithoutBoxes)
    {
        public bool IsSame => HasSize && Difference <= MostDifference && TilesWithoutBoxes == 0;
    }
}
