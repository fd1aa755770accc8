using System.Collections.Concurrent;
using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests.Browsing;

/// <summary>A page with a context of its own. What it complains about fails the test that used it.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    private BrowserPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Message.Type is ConsoleType.Error or ConsoleType.Warning)
            {
                _complaints.Enqueue($"{message.Message.Type}: {message.Message.Text}");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"thrown: {error.Message}");
        page.Dialog += async (_, dialog) =>
        {
            _complaints.Enqueue($"a dialog opened: {dialog.Dialog.Message}");
            await dialog.Dialog.Dismiss();
        };
    }

    public IPage Page { get; }

    public static async Task<BrowserPage> OpenAsync(IBrowser browser, int width, int height, string theme)
    {
        var context = await browser.CreateBrowserContextAsync();
        var page = await context.NewPageAsync();
        page.DefaultTimeout = 30_000;
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = height });
        await page.EmulateMediaFeaturesAsync(
            [new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = theme }]);
        return new BrowserPage(context, page);
    }

    /// <summary>Opens a view of the viewer.</summary>
    /// <param name="app">Where the app, or the command line, listens.</param>
    /// <param name="view">Such as <c>#/jobs</c>.</param>
    public Task GoAsync(Uri app, string view) => Page.GoToAsync(new Uri(app, $"/api/viewer/{view}").AbsoluteUri);

    /// <summary>Waits until an expression of JavaScript is true.</summary>
    public async Task UntilAsync(string expression, string expectation, int seconds = 30)
    {
        try
        {
            await Page.WaitForExpressionAsync(
                $"Boolean({expression})", new WaitForFunctionOptions { Timeout = seconds * 1000, PollingInterval = 50 });
        }
        catch (WaitTaskTimeoutException)
        {
            var text = await Page.EvaluateExpressionAsync<string>("document.body.innerText");
            Assert.Fail($"After {seconds} s still not: {expectation} ({expression}). Complaints: {string.Join("; ", _complaints)}. "
                + $"The page says: {text}");
        }
    }

    /// <summary>The text of the first element of a selector.</summary>
    public Task<string> TextAsync(string selector) =>
        Page.EvaluateExpressionAsync<string>($"document.querySelector({JsonSerializer.Serialize(selector)})?.innerText ?? ''");

    /// <summary>How many elements a selector has.</summary>
    public Task<int> CountAsync(string selector) =>
        Page.EvaluateExpressionAsync<int>($"document.querySelectorAll({JsonSerializer.Serialize(selector)}).length");

    /// <summary>Waits for an element, and clicks it as a mouse does.</summary>
    public async Task ClickAsync(string selector)
    {
        await Page.WaitForSelectorAsync(selector, new WaitForSelectorOptions { Visible = true });
        await Page.ClickAsync(selector);
    }

    /// <summary>Starts a job on the page of jobs, which is shown.</summary>
    /// <param name="prefix">What the names of its images begin with.</param>
    /// <returns>The job's id; its card is <c>#job-ID</c>. The page shows jobs of others, too.</returns>
    public async Task<string> StartJobAsync(string prefix)
    {
        await Page.WaitForSelectorAsync(".new-job input[name=prefix]");
        await Page.TypeAsync(".new-job input[name=prefix]", prefix);
        var answered = Page.WaitForResponseAsync(response => response.Request.Method == HttpMethod.Post);
        await ClickAsync(".new-job .primary");
        using var answer = JsonDocument.Parse(await (await answered).TextAsync());
        var job = answer.RootElement.GetProperty("jobId").GetString()!;
        await UntilAsync($"document.getElementById('job-{job}')", "the job is shown");
        return job;
    }

    /// <summary>Moves a slider as its user does.</summary>
    public Task SlideAsync(string selector, double value) => Page.EvaluateExpressionAsync(
        $$"""
        (() => {
          const slider = document.querySelector({{JsonSerializer.Serialize(selector)}});
          slider.value = '{{value.ToString(System.Globalization.CultureInfo.InvariantCulture)}}';
          slider.dispatchEvent(new Event('input', { bubbles: true }));
          slider.dispatchEvent(new Event('change', { bubbles: true }));
        })()
        """);

    /// <summary>Waits until the page has drawn what it had to: what a frame asks the next one for is there, too.</summary>
    public Task DrawnAsync() => Page.EvaluateExpressionAsync(
        "new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))");

    /// <summary>Looks at every request of the page; true for one that it answers, and a task that takes its time delays one.</summary>
    public async Task AnswerAsync(Func<IRequest, Task<bool>> answer)
    {
        await Page.SetRequestInterceptionAsync(true);
        Page.Request += async (_, sent) =>
        {
            try
            {
                if (!await answer(sent.Request))
                {
                    await sent.Request.ContinueAsync();
                }
            }
            catch (PuppeteerException)
            {
                // The page is gone, or has no use for the answer any more.
            }
        };
    }

    /// <summary>Does what saves a file, and reads the file.</summary>
    /// <param name="save">Such as a click.</param>
    /// <returns>The file's name and its content.</returns>
    public async Task<(string Name, byte[] Content)> SaveAsync(Func<Task> save)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-saved-");
        try
        {
            await Page.Client.SendAsync(
                "Browser.setDownloadBehavior", new { behavior = "allow", downloadPath = folder.FullName, browserContextId = _context.Id });
            await save();

            // The browser takes the name first, with an empty file, and puts the whole one there when it has all of it.
            var file = await Eventually.GetAsync(
                () => Task.FromResult(folder.GetFiles()
                    .SingleOrDefault(one => one.Extension != ".crdownload" && one.Name[0] != '.' && one.Length > 0)),
                () => $"a file is saved; complaints: {string.Join("; ", _complaints)}",
                10);
            return (file.Name, await File.ReadAllBytesAsync(file.FullName, App.Cancellation));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Fails when the page complained of anything.</summary>
    public void HasNoComplaint() => Assert.True(_complaints.IsEmpty, string.Join(Environment.NewLine, _complaints));

    /// <summary>Keeps a picture of the page in the folder that NANODET_SHOTS names, for people.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("NANODET_SHOTS") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            await Page.ScreenshotAsync(Path.Combine(folder, $"{name}.png"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Page.CloseAsync();
        await _context.CloseAsync();
    }
}
