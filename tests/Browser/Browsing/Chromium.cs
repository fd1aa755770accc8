using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests.Browsing;

/// <summary>The machine's Chromium, without a window. A machine without one skips what needs it, and says so.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is { } path)
        {
            _browser = await Puppeteer.LaunchAsync(new LaunchOptions
            {
                ExecutablePath = path,
                Headless = true,

                // Root has no sandbox, and a container little shared memory.
                Args = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--hide-scrollbars"],
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    /// <summary>Opens an empty page.</summary>
    /// <param name="width">Its width, in pixels.</param>
    /// <param name="height">Its height, in pixels.</param>
    /// <param name="theme">light or dark.</param>
    internal async Task<BrowserPage> OpenAsync(int width = 1280, int height = 800, string theme = "light")
    {
        Assert.SkipWhen(
            _browser is null,
            "There is no Chromium on this machine: expected chromium, chromium-browser or google-chrome on the path, or its file in "
            + "NANODET_CHROMIUM. On Debian: apt-get install chromium.");
        return await BrowserPage.OpenAsync(_browser!, width, height, theme);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("NANODET_CHROMIUM") is { Length: > 0 } given)
        {
            return given;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator);
        return Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}
