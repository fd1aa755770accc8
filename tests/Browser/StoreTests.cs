using Nanodet.Serverless.Browser.Tests.Browsing;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The page's store of results: orders and numbers of what a filter takes.</summary>
[Collection("One page at a time")]
public sealed class StoreTests(RunningApp app, Chromium chromium)
{
    [Fact]
    public async Task Store_OrdersAndCounts_AreOfWhatTheFilterTakes()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        var found = await page.Page.EvaluateExpressionAsync<string[]>(
            """
            (async () => {
              const { ResultStore } = await import(new URL('store.js', document.baseURI));
              const store = new ResultStore();
              const box = { x: 0, y: 0, width: 9, height: 9 };
              const add = (name, ...found) => store.add({ image: { name, container: 'images', etag: '1' },
                detections: found.map(([className, score]) => ({ className, classId: 1, score, box })) });
              add('many', ['a', 0.1], ['a', 0.1], ['a', 0.1], ['b', 0.995]);
              add('high', ['a', 0.8], ['a', 0.7]);
              add('sure', ['c', 1]);
              const [a, c] = [store.classes.index.get('a'), store.classes.index.get('c')];
              const order = filter => `${[...store.select(filter)].map(i => store.names[i])}: ${store.objects}`;
              return [order({ sort: 'objects' }), order({ sort: 'objects', min: 0.5 }), order({ sort: 'score' }), order({ sort: 'score', cls: a }),
                order({ cls: c, min: 1 }), store.counts(1).join(), store.counts(0.99).join()];
            })()
            """);

        Assert.Equal(["many,high,sure: 7", "high,many,sure: 4", "sure,many,high: 7", "high,many: 5", "sure: 1", "0,0,1", "0,1,1"], found);
    }

    [Fact]
    public async Task Loader_Stopped_SaysNothingMore()
    {
        await using var page = await chromium.OpenAsync();
        await page.GoAsync(app.Address, "#/try");
        var calls = await page.Page.EvaluateFunctionAsync<int>(
            """
            async job => {
              const { Loader } = await import(new URL('store.js', document.baseURI));
              let calls = 0;
              const loader = new Loader({ job }, () => {
                calls++;
                loader.stop();
              });
              await loader.run();
              return calls;
            }
            """,
            await PageExportTests.JobAsync(app));

        Assert.Equal(1, calls);
    }
}
