using System.Globalization;
using System.Text.Json;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.Cli.Viewing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>
/// What the page takes with many results. Nothing is asserted, and it runs by name only; the figures are in bench/results/viewer.
/// </summary>
[Collection("One page at a time")]
public sealed class ViewerMeasurements(Chromium chromium)
{
    private const string Scroll =
        """
        new Promise(resolve => {
          const grid = document.querySelector('.grid');
          const began = performance.now();
          let [last, longest, frames] = [began, 0, 0];
          globalThis.longTasks = [];
          new PerformanceObserver(list => globalThis.longTasks.push(...list.getEntries().map(entry => entry.duration)))
            .observe({ type: 'longtask' });
          const step = now => {
            longest = Math.max(longest, now - last);
            last = now;
            frames++;
            const part = (now - began) / 4000;
            grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * Math.min(1, part);
            if (part < 1.05) requestAnimationFrame(step);
            else setTimeout(() => resolve(JSON.stringify({ frames, longest, tasks: globalThis.longTasks,
              elements: document.querySelectorAll('*').length })), 300);
          };
          requestAnimationFrame(step);
        })
        """;

    /// <summary>Measures; run by name: <c>-explicit only -method '*.Measure_*'</c>. Its figures are in bench/results.</summary>
    [Fact(Explicit = true)]
    public async Task Measure_HundredThousandResults()
    {
        await using var server = await ViewServer.StartAsync(MadeResults.Many(100_000), before: null, port: 0, App.Cancellation);
        var lines = new List<string>();
        for (var round = 0; round < 3; round++)
        {
            await using var page = await chromium.OpenAsync(1440, 900);
            await page.Page.EvaluateFunctionOnNewDocumentAsync(
                """
                () => {
                  globalThis.loading = [];
                  new PerformanceObserver(list => globalThis.loading.push(...list.getEntries().map(entry => entry.duration)))
                    .observe({ type: 'longtask', buffered: true });
                  const look = () => {
                    if (document.querySelectorAll('.grid-items > li canvas').length >= 12) globalThis.firstView = performance.now();
                    else requestAnimationFrame(look);
                  };
                  requestAnimationFrame(look);
                }
                """);
            await page.Page.GoToAsync(server.Page.AbsoluteUri);
            await page.UntilAsync("globalThis.firstView > 0", "the first images are there", 60);
            using var early = JsonDocument.Parse(await page.Page.EvaluateExpressionAsync<string>(Scroll));
            var earlyTasks = early.RootElement.GetProperty("tasks").EnumerateArray().Select(task => task.GetDouble()).ToArray();
            var isEarly = await page.Page.EvaluateExpressionAsync<bool>(
                "document.querySelector('.count-line strong').innerText !== '100,000'");
            await page.UntilAsync("document.querySelector('.count-line strong')?.innerText === '100,000'", "every result is loaded", 300);
            var loaded = await page.Page.EvaluateExpressionAsync<double>("performance.now()");
            var first = await page.Page.EvaluateExpressionAsync<double>("globalThis.firstView");
            var loading = await page.Page.EvaluateExpressionAsync<double[]>("globalThis.loading");
            await page.Page.Tracing.StartAsync(
                new PuppeteerSharp.TracingOptions { Categories = ["toplevel", "disabled-by-default-devtools.timeline"] });
            using var scrolled = JsonDocument.Parse(await page.Page.EvaluateExpressionAsync<string>(Scroll));
            var tasks = scrolled.RootElement.GetProperty("tasks").EnumerateArray().Select(task => task.GetDouble()).ToArray();
            var busiest = FindBusiestTask(await page.Page.Tracing.StopAsync());
            await page.Page.EvaluateExpressionAsync("document.querySelector('.grid').scrollTop = 0");
            var filtered = await page.Page.EvaluateExpressionAsync<double>(
                """
                new Promise(resolve => {
                  const slider = document.querySelector('#score');
                  const began = performance.now();
                  slider.value = '0.5';
                  slider.dispatchEvent(new Event('input', { bubbles: true }));
                  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
                })
                """);
            var client = page.Page.Client;
            await client.SendAsync("HeapProfiler.collectGarbage");
            var metrics = await page.Page.MetricsAsync();
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"round {round + 1}: first view {first:0} ms, all loaded {loaded:0} ms, "
                + $"longest task while loading {loading.DefaultIfEmpty().Max():0} ms, "
                + $"while scrolling {(isEarly ? "and loading" : "(it was all loaded)")} {earlyTasks.DefaultIfEmpty().Max():0} ms "
                + $"({earlyTasks.Length} over 50 ms), "
                + $"while scrolling {tasks.DefaultIfEmpty().Max():0} ms ({tasks.Length} over 50 ms), of processor time {busiest:0.0} ms, "
                + $"{scrolled.RootElement.GetProperty("frames").GetInt32()} frames in 4 s, slider to picture {filtered:0} ms, "
                + $"JavaScript heap {metrics["JSHeapUsedSize"] / 1048576:0.0} MiB, {metrics["Nodes"]:0} nodes, "
                + $"{scrolled.RootElement.GetProperty("elements").GetInt32()} elements"));
        }

        await TellAsync(lines);
    }

    /// <summary>As above: how long the page stops while a hundred thousand results are compared with as many.</summary>
    [Fact(Explicit = true)]
    public async Task Measure_CompareHundredThousandResults()
    {
        await using var server = await ViewServer.StartAsync(
            MadeResults.Many(100_000), MadeResults.Many(100_000, seed: 1), port: 0, App.Cancellation);
        var lines = new List<string>();
        for (var round = 0; round < 3; round++)
        {
            await using var page = await chromium.OpenAsync(1440, 900);
            await page.Page.EvaluateFunctionOnNewDocumentAsync(
                """
                () => {
                  globalThis.tasks = [];
                  new PerformanceObserver(list => globalThis.tasks.push(...list.getEntries()
                    .map(entry => [entry.startTime, entry.duration]))).observe({ type: 'longtask', buffered: true });
                  globalThis.longest = (from, to) => Math.max(0, ...tasks.filter(([at]) => at >= from && at < to).map(([, took]) => took));
                  globalThis.whenSums = () => new Promise(resolve => {
                    const sums = document.querySelector('.sums');
                    new MutationObserver((_, observer) => { observer.disconnect(); resolve(); })
                      .observe(sums, { childList: true, subtree: true });
                  });
                }
                """);
            var traced = new PuppeteerSharp.TracingOptions { Categories = ["toplevel", "disabled-by-default-devtools.timeline"] };
            await page.Page.Tracing.StartAsync(traced);
            await page.GoAsync(server.Page, "#/compare");
            await page.UntilAsync("document.querySelector('.sums button')", "it was compared", 300);
            var busiestLoading = FindBusiestTask(await page.Page.Tracing.StopAsync());
            await page.Page.Tracing.StartAsync(traced);
            using var seen = JsonDocument.Parse(await page.Page.EvaluateExpressionAsync<string>(
                """
                (async () => {
                  const compared = performance.now();
                  await new Promise(resolve => setTimeout(resolve, 1000));
                  const longestLoading = longest(0, compared);
                  const slider = document.querySelector('#compare-score');
                  const steps = [];
                  for (const score of ['0.3', '0.31', '0.6', '0.1', '0']) {
                    const began = performance.now();
                    const done = whenSums();
                    slider.value = score;
                    slider.dispatchEvent(new Event('input', { bubbles: true }));
                    await done;
                    const ended = performance.now();
                    await new Promise(resolve => setTimeout(resolve, 500));
                    steps.push({ took: ended - began, longest: longest(began, ended + 200) });
                  }
                  return JSON.stringify({ compared, longestLoading, steps });
                })()
                """));
            var busiest = FindBusiestTask(await page.Page.Tracing.StopAsync());
            var all = seen.RootElement;
            var steps = all.GetProperty("steps").EnumerateArray()
                .Select(step => (Took: step.GetProperty("took").GetDouble(), Longest: step.GetProperty("longest").GetDouble())).ToArray();
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"compare, round {round + 1}: compared after {all.GetProperty("compared").GetDouble():0} ms, longest task until then "
                + $"{all.GetProperty("longestLoading").GetDouble():0} ms (processor time {busiestLoading:0}), "
                + $"a step of the slider {steps.Min(step => step.Took):0} to {steps.Max(step => step.Took):0} ms, longest task of it "
                + $"{string.Join(", ", steps.Select(step => $"{step.Longest:0}"))} ms "
                + $"(processor time {busiest:0})"));
        }

        await TellAsync(lines);
    }

    private static async Task TellAsync(List<string> lines)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines));
        await File.AppendAllLinesAsync(
            Environment.GetEnvironmentVariable("NANODET_MEASURED") ?? Path.Combine(Path.GetTempPath(), "nanodet-viewer.txt"),
            lines,
            App.Cancellation);
    }

    /// <summary>
    /// The most processor time, in milliseconds, that one task of a page's main thread took: what a task takes by the clock also depends on
    /// what else the machine does.
    /// </summary>
    private static double FindBusiestTask(string trace)
    {
        using var document = JsonDocument.Parse(trace);
        var events = document.RootElement.GetProperty("traceEvents").EnumerateArray().ToArray();
        var pages = events
            .Where(one => one.GetProperty("name").GetString() == "thread_name"
                && one.GetProperty("args").GetProperty("name").GetString() == "CrRendererMain")
            .Select(one => (one.GetProperty("pid").GetInt64(), one.GetProperty("tid").GetInt64()))
            .ToHashSet();
        return events
            .Where(one => one.GetProperty("name").GetString()!.EndsWith("RunTask", StringComparison.Ordinal)
                && one.TryGetProperty("tdur", out _)
                && pages.Contains((one.GetProperty("pid").GetInt64(), one.GetProperty("tid").GetInt64())))
            .Max(one => one.GetProperty("tdur").GetInt64()) / 1000.0;
    }
}
