using System.Net;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using PuppeteerSharp;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Jobs on the page: asked for again after a failure, and started by a form.</summary>
[Collection("One page at a time")]
public sealed class JobsPageTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task Jobs_NoAnswerTwice_AreAskedForAgainAndTheFailureIsSaidOnce()
    {
        await PageExportTests.JobAsync(app);
        var asked = 0;
        await using var page = await chromium.OpenAsync();

        await HastenAsync(page);
        await page.AnswerAsync(async request =>
        {
            if (!request.Url.EndsWith("/api/jobs?limit=30", StringComparison.Ordinal) || ++asked > 2)
            {
                return false;
            }

            await request.RespondAsync(new ResponseData
            {
                Status = HttpStatusCode.ServiceUnavailable,
                ContentType = "application/problem+json",
                Body = """{"detail":"Not now."}""",
            });
            return true;
        });
        await page.GoAsync(app.Address, "#/jobs");
        await page.UntilAsync("document.querySelector('.job .numbers b')", "numbers come", 15);

        Assert.True(asked > 2, $"Expected a third request, found {asked}.");
        Assert.Equal("Not now.", await page.TextAsync(".note.error span"));
        Assert.Equal(1, await page.CountAsync(".note.error"));
    }

    /// <summary>A page has 30 jobs. Older ones come on demand, and the one that the address names is shown wherever it stands.</summary>
    [Fact]
    public async Task Jobs_OlderOnes_AreShownOnDemandAndWhereTheAddressNamesOne()
    {
        string Job(string id, string state, string ended) => $$"""
            {"jobId":"{{id}}","state":"{{state}}","discovered":2,"detected":2,"failed":0,"skipped":0,"filtered":0,"isListed":true,
             "imagesPerSecond":1.5,"secondsLeft":null,"startedUtc":"2026-01-01T00:00:00Z","endedUtc":{{ended}},"error":null}
            """;
        const string Ended = "\"2026-01-01T00:01:01Z\"";
        var answers = new Dictionary<string, string>
        {
            ["/api/jobs?limit=30"] = $$"""{"jobs":[{{Job("9", "completed", Ended)}},{{Job("8", "failed", "null")}}],"continuation":"8"}""",
            ["/api/jobs?limit=100&continuation=8"] =
                $$"""{"jobs":[{{Job("7", "completed", Ended)}},{{Job("6", "running", "null")}}],"continuation":null}""",
            ["/api/jobs/6"] = Job("6", "completed", Ended),
            ["/api/jobs/3"] = Job("3", "completed", Ended),
        };
        await using var page = await chromium.OpenAsync();
        await page.AnswerAsync(async request =>
        {
            if (!answers.TryGetValue(new Uri(request.Url).PathAndQuery, out var body))
            {
                return false;
            }

            await request.RespondAsync(new ResponseData { Status = HttpStatusCode.OK, ContentType = "application/json", Body = body });
            return true;
        });
        await page.GoAsync(app.Address, "#/jobs?job=3");
        const string Ids = "[...document.querySelectorAll('.job h2')].map(id => id.innerText).join()";
        await page.UntilAsync($"{Ids} === '9,8,3'", "the latest jobs and the one of the address are shown");
        Assert.Equal("3", await page.TextAsync(".job.marked h2"));
        Assert.StartsWith("1.5 images/s · took 1 min 1 s · ", await page.TextAsync("#job-9 .muted"), StringComparison.Ordinal);

        // A job that failed without a manifest has no end that is known.
        Assert.DoesNotContain("took", await page.TextAsync("#job-8 .muted"), StringComparison.Ordinal);

        await page.Page.EvaluateExpressionAsync("[...document.querySelectorAll('.page > button')].find(one => one.innerText === 'Older jobs').click()");
        await page.UntilAsync($"{Ids} === '9,8,7,6,3'", "the older ones are shown");
        await page.UntilAsync("document.querySelector('#job-6 .state').dataset.state === 'completed'", "the one that ran is followed", 30);
        Assert.Equal(
            0,
            await page.Page.EvaluateExpressionAsync<int>(
                "[...document.querySelectorAll('.page > button')].filter(one => one.checkVisibility()).length"));
        page.HasNoComplaint();
    }

    [Fact]
    public async Task Jobs_AddressOfNone_SaysSoOnce()
    {
        await using var page = await chromium.OpenAsync();
        await HastenAsync(page);
        var asked = 0;
        await page.AnswerAsync(request =>
        {
            asked += request.Url.EndsWith("/api/jobs?limit=30", StringComparison.Ordinal) ? 1 : 0;
            return Task.FromResult(false);
        });
        await page.GoAsync(app.Address, "#/jobs?job=never");
        await page.UntilAsync("document.querySelector('.note.error span')?.innerText === 'There is no job never.'", "the page says so");
        await Eventually.TrueAsync(() => Task.FromResult(asked > 3), "the jobs are asked for again", 30);
        Assert.Equal(1, await page.CountAsync(".note.error"));
    }

    /// <summary>Results that were read before a job began, or while it ran, are not those after it.</summary>
    [Fact]
    public async Task Results_ReadBeforeAJobEnded_AreReadAgain()
    {
        await app.DetectAsync("earlier/", ViewerTests.Pictures("earlier", 3)); // its numbers are those of the job to come
        await app.Deployment.Images.UploadAsync(ViewerTests.Pictures("again", 3));
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/results?prefix=again%2F");
        await page.UntilAsync("document.querySelector('.results-view .empty')?.checkVisibility()", "there is no result yet");
        await page.ClickAsync("#nav a[data-view=jobs]");
        var job = $"document.querySelector('#job-{await page.StartJobAsync("again/")} ";
        await page.UntilAsync($"{job}.numbers b')?.innerText === '3 of 3'", "every image is done", 60);
        await page.UntilAsync($"{job}.state').dataset.state === 'completed'", "the job is at its end", 60);
        await page.Page.EvaluateExpressionAsync("location.hash = '#/results?prefix=again%2F'");
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '3'", "its results are shown", 10);

        // Detected again, they have another time; who comes back sees those.
        await page.ClickAsync("#nav a[data-view=jobs]");
        var asked = 0;
        await page.AnswerAsync(request =>
        {
            asked += request.Url.Contains("/api/results?", StringComparison.Ordinal) ? 1 : 0;
            return Task.FromResult(false);
        });
        await page.Page.WaitForSelectorAsync(".job");
        await page.Page.EvaluateExpressionAsync("location.hash = '#/results?prefix=again%2F'");
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '3'", "they are shown", 10);
        Assert.Equal(0, asked);

        var other = await app.DetectAsync("again/", [], new { scoreThreshold = 0.1 });
        await page.ClickAsync("#nav a[data-view=jobs]");
        await page.UntilAsync($"document.querySelector('#job-{other}')", "the other job is seen");
        await page.Page.EvaluateExpressionAsync("location.hash = '#/results?prefix=again%2F'");
        await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '3'", "they are shown", 10);
        Assert.Equal(1, asked);
        page.HasNoComplaint();
    }

    /// <summary>A job without its manifest runs: what it has written is shown, said to be that, and read again on demand.</summary>
    [Fact]
    public async Task Results_OfAJobThatRuns_AreSaidToBeAndReadAgain()
    {
        var job = await app.DetectAsync("runs/", ViewerTests.Pictures("runs", 3));
        var end = await app.RunsAgainAsync(job);
        await using var server = await ViewServer.StartAsync(
            await StoredJob.OpenAsync(new Cli.Cloud.CloudStorage(app.Deployment.ConnectionString), job, "--job", App.Cancellation),
            before: null,
            port: 0,
            App.Cancellation);
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(server.Page, "#/jobs");
        await page.UntilAsync(
            "document.querySelector('.page .empty')?.innerText === 'The job still runs. Its progress is shown by the app.'",
            "a page without an app says that it runs");
        const string Read = "document.querySelector('.count-line')?.innerText.startsWith('3 images')";
        const string Ran = "document.querySelector('.count-line').innerText.endsWith('read while the job ran')";
        foreach (var address in new[] { server.Page, app.Address })
        {
            await page.GoAsync(address, $"#/results?job={job}");
            await page.UntilAsync($"{Read} && {Ran}", "what it has written is shown");
        }

        await end();
        await page.ClickAsync(".toolbar button");
        await page.UntilAsync($"{Read} && !{Ran} && document.querySelector('.content > progress').hidden", "all of it is shown");
        page.HasNoComplaint();
    }

    /// <summary>Where a session in front of the app has ended, its sign-in answers with an address elsewhere.</summary>
    [Fact]
    public async Task Jobs_SignedOut_SaysWhatToDo()
    {
        await using var page = await chromium.OpenAsync();
        await page.AnswerAsync(async request =>
        {
            if (!request.Url.Contains("/api/jobs?", StringComparison.Ordinal))
            {
                return false;
            }

            await request.RespondAsync(new ResponseData
            {
                Status = HttpStatusCode.Found,
                Headers = new Dictionary<string, object> { ["Location"] = "https://login.example.org/authorize" },
            });
            return true;
        });
        await page.GoAsync(app.Address, "#/jobs");
        await page.UntilAsync("document.querySelector('.note.error')", "the page says something");
        Assert.Equal("You are signed out. Reload the page to sign in again.", await page.TextAsync(".note.error span"));
    }

    [Fact]
    public async Task Form_OnlyWhatFailedWithoutAPrefix_StartsAJob()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/jobs");
        const string Checked = "['onlyFailed', 'force'].filter(name => document.querySelector(`.new-job input[name=${name}]`).checked)";
        foreach (var box in new[] { "onlyFailed", "force", "onlyFailed" })
        {
            await page.ClickAsync($".new-job input[name={box}]");
            Assert.Equal([box], await page.Page.EvaluateExpressionAsync<string[]>(Checked));
        }

        await page.ClickAsync(".new-job .primary");
        await page.UntilAsync("document.querySelector('.note')", "the page says what comes of it");
        var note = await page.TextAsync(".note span");
        Assert.EndsWith(" is started.", note, StringComparison.Ordinal);
        await app.App.JobEndsAsync(note.Split(' ')[1]);
        page.HasNoComplaint();
    }

    /// <summary>
    /// A job stands where its id puts it, which may be behind thirty others; the one that was started here is shown all the same, and a job
    /// whose status does not come keeps no other from being shown.
    /// </summary>
    [Fact]
    public async Task Jobs_StartedBehindThirtyOthers_IsShownWithItsProgress()
    {
        string Job(string id, string state, int detected) => $$"""
            {"jobId":"{{id}}","state":"{{state}}","discovered":4,"detected":{{detected}},"failed":0,"skipped":0,"filtered":0,"isListed":true,
             "imagesPerSecond":1.5,"secondsLeft":null,"startedUtc":"2026-01-01T00:00:00Z","endedUtc":null,"error":null}
            """;
        var (asked, isBroken) = (0, true);
        await using var page = await chromium.OpenAsync();
        await HastenAsync(page);
        await page.AnswerAsync(async request =>
        {
            var path = new Uri(request.Url).PathAndQuery;
            var (status, body) = (request.Method.Method, path) switch
            {
                ("POST", "/api/jobs") => (202, Job("1", "running", 0)),
                ("GET", "/api/jobs?limit=30") => (200, $$"""{"jobs":[{{Job("z", "running", ++asked % 4)}}],"continuation":"z"}"""),
                ("GET", "/api/jobs/1") => isBroken ? (500, "{}") : (200, Job("1", "running", 3)),
                _ => (0, null),
            };
            if (body is null)
            {
                return false;
            }

            await request.RespondAsync(new ResponseData { Status = (HttpStatusCode)status, ContentType = "application/json", Body = body });
            return true;
        });
        await page.GoAsync(app.Address, "#/jobs");
        await page.UntilAsync("document.querySelector('#job-z')", "the latest job is shown");
        await page.Page.TypeAsync(".new-job input[name=prefix]", "a/");
        await page.ClickAsync(".new-job .primary");
        await page.UntilAsync("document.querySelector('#job-1')", "the job that was started is shown");
        var before = asked;
        await Eventually.TrueAsync(() => Task.FromResult(asked > before + 2), "the others are asked for all the same", 30);
        Assert.Equal("0 of 4", await page.TextAsync("#job-1 .numbers b"));
        isBroken = false;
        await page.UntilAsync("document.querySelector('#job-1 .numbers b').innerText === '3 of 4'", "it is followed");
    }

    /// <summary>Seconds of the page last a twentieth.</summary>
    private static Task<NewDocumentScriptEvaluation> HastenAsync(BrowserPage page) => page.Page.EvaluateFunctionOnNewDocumentAsync(
        """
        () => {
          const wait = setTimeout;
          globalThis.setTimeout = (action, time, ...rest) => wait(action, time / 20, ...rest);
        }
        """);
}
